"""Frauds that sit at a merchant for weeks: a compromised till, and a merchant in collusion with cardholders.

Each function returns all purchases of `n` campaigns that start on the given day.
"""

from datetime import date

import numpy as np

from fraud_platform.core.simulation.chargebacks import reported_at_ms
from fraud_platform.core.simulation.habits import usual_times_ms
from fraud_platform.core.simulation.population import Population, population
from fraud_platform.core.simulation.purchases import (
    Purchases,
    complete,
    ordinary_amounts,
    own_devices,
    unknown_devices,
)
from fraud_platform.core.simulation.world import World
from fraud_platform.core.time import DAY_MS, day_start_ms

_FEW = 8


def compromised_merchant(world: World, rng: np.random.Generator, day: date, n: int) -> Purchases:
    """For 14 to 21 days cards of a merchant's customers are used there, for ordinary amounts."""
    people = population(world)
    parts = []
    for merchant in _merchants_between(people, rng, n, 0.5, 0.95):
        days = int(rng.integers(14, 22))
        count = rng.poisson(rng.uniform(3.0, 7.0) * days)
        customer = rng.choice(_clientele(people, merchant), count)
        parts.append(_campaign(people, rng, day, days, "compromised_merchant", merchant, customer))
    return Purchases.concatenate(parts)


def collusion(world: World, rng: np.random.Generator, day: date, n: int) -> Purchases:
    """For 12 to 28 days a merchant and a group of cardholders share inflated round amounts."""
    people = population(world)
    parts = []
    for merchant in _merchants_between(people, rng, n, 0.5, 0.95):
        days = int(rng.integers(12, 29))
        group = rng.choice(_clientele(people, merchant), rng.integers(5, 13))
        customer = rng.choice(group, rng.poisson(rng.uniform(2.0, 5.0) * days))
        parts.append(_campaign(people, rng, day, days, "collusion", merchant, customer))
    return Purchases.concatenate(parts)


def _merchants_between(people: Population, rng: np.random.Generator, n: int, first: float, last: float) -> np.ndarray:
    """`n` merchants from a band of popularity; 0 is the most popular of all and 1 the least."""
    by_popularity = np.argsort(-people.merchants.popularity)
    size = len(by_popularity)
    return by_popularity[rng.integers(int(first * size), int(last * size), n)]


def _clientele(people: Population, merchant: int) -> np.ndarray:
    """Customers who favour a merchant; where they are few, all who could walk in or order."""
    customers, merchants = people.customers, people.merchants
    favourites = customers.online_shops if merchants.online[merchant] else customers.shops
    regulars = np.flatnonzero((favourites == merchant).any(axis=1))
    if len(regulars) >= _FEW:
        return regulars
    nearby = np.flatnonzero(customers.town == merchants.town[merchant])
    return nearby if len(nearby) >= _FEW and not merchants.online[merchant] else np.arange(len(customers.town))


def _campaign(
    people: Population,
    rng: np.random.Generator,
    day: date,
    days: int,
    behaviour: str,
    merchant: int,
    customer: np.ndarray,
) -> Purchases:
    """Purchases of these customers at one merchant, spread over the days of the campaign."""
    n = len(customer)
    at = np.full(n, merchant)
    time_ms = day_start_ms(day) + rng.integers(days, size=n) * DAY_MS + usual_times_ms(people.customers, rng, customer)
    amount = ordinary_amounts(people, rng, day, customer, at)
    device = own_devices(people, rng, day, customer)
    if behaviour == "collusion":
        amount = np.ceil(amount * rng.uniform(2.5, 6.0, n) / 10) * 10
    else:
        device = np.where(rng.random(n) < 0.5, unknown_devices(rng, n), device)
    return complete(
        people,
        rng,
        customer=customer,
        merchant=at,
        time_ms=time_ms,
        amount=amount,
        device=device,
        behaviour=behaviour,
        reported_at_ms=reported_at_ms(rng, time_ms),
    )
