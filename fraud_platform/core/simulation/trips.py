"""Travel: which customers are away on a day, where, and since when."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from fraud_platform.core.simulation import places
from fraud_platform.core.simulation.population import population
from fraud_platform.core.simulation.world import World
from fraud_platform.core.time import HOUR_MS, day_start_ms

MAX_TRIP_DAYS = 12
_STARTS_PER_CUSTOMER_DAY = 0.006
_CRUISE_KMH = 650
_GROUND_HOURS = 2.5
IN_TRANSIT = -1


@dataclass(frozen=True, eq=False)
class Trips:
    """One entry a trip; leaving home and being back are milliseconds since 1970 UTC."""

    customer: np.ndarray
    town: np.ndarray
    leaves_ms: np.ndarray
    back_ms: np.ndarray


@lru_cache(maxsize=64)
def _starting(world: World, day: date) -> Trips:
    rng = world.rng("trips", day)
    customer = np.flatnonzero(rng.random(world.customers) < _STARTS_PER_CUSTOMER_DAY)
    hours = np.clip(rng.gamma(2.0, 48, len(customer)), 16, MAX_TRIP_DAYS * 24 - 24)
    leaves = day_start_ms(day) + rng.uniform(5, 20, len(customer)) * HOUR_MS
    return Trips(customer, rng.integers(places.TOWNS, size=len(customer)), leaves, leaves + hours * HOUR_MS)


def whereabouts(world: World, day: date, customer: np.ndarray, time_ms: np.ndarray) -> np.ndarray:
    """Town each customer is in at each time of the day, IN_TRANSIT between two towns. Shapes (n,)."""
    home = population(world).customers.town
    town = home[customer]
    for back in range(MAX_TRIP_DAYS, -1, -1):
        trips = _starting(world, day - timedelta(days=back))
        trip_of = np.full(world.customers, -1)
        trip_of[trips.customer] = np.arange(len(trips.customer))
        row = np.flatnonzero(trip_of[customer] >= 0)
        trip = trip_of[customer[row]]
        distance = places.DISTANCE_KM[home[customer[row]], trips.town[trip]]
        ride_ms = (distance / _CRUISE_KMH + _GROUND_HOURS) * HOUR_MS
        since, left = time_ms[row] - trips.leaves_ms[trip], trips.back_ms[trip] - time_ms[row]
        away = (since >= 0) & (left >= 0)
        moving = (since < ride_ms) | (left < ride_ms)
        town[row[away]] = np.where(moving, IN_TRANSIT, trips.town[trip])[away]
    return town
