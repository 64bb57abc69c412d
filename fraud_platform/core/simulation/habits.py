"""Honest purchases of a day: habits, and the oddities of honest life that look like fraud."""

from datetime import date
from functools import lru_cache

import numpy as np

from fraud_platform.core.simulation import drift, places
from fraud_platform.core.simulation.population import FAVOURITES, ONLINE_GROUP, Customers, Population, population
from fraud_platform.core.simulation.purchases import Purchases, complete, ordinary_amounts, own_devices
from fraud_platform.core.simulation.trips import IN_TRANSIT, whereabouts
from fraud_platform.core.simulation.world import World
from fraud_platform.core.time import DAY_MS, HOUR_MS, day_start_ms

_FAVOURITE_SHARE = 0.68
_SPREES_PER_CUSTOMER_DAY = 0.002
_SECOND_CARD_SHARE = 0.1


@lru_cache(maxsize=64)
def honest_purchases(world: World, day: date) -> Purchases:
    """All honest purchases of a day (UTC), in no particular order."""
    people, rng = population(world), world.rng("habits", day)
    return Purchases.concatenate([_everyday(world, people, rng, day), _sprees(world, people, rng, day)])


def _everyday(world: World, people: Population, rng: np.random.Generator, day: date) -> Purchases:
    customers = people.customers
    count = rng.poisson(customers.purchases_per_day * drift.volume(day))
    customer = np.repeat(np.arange(world.customers), count)
    time_ms = day_start_ms(day) + usual_times_ms(customers, rng, customer)
    town = whereabouts(world, day, customer, time_ms)
    relative = (town != IN_TRANSIT) & (rng.random(len(customer)) < _SECOND_CARD_SHARE)
    town = np.where(relative & (town == customers.town[customer]), customers.second_town[customer], town)
    merchant = usual_merchants(people, rng, day, customer, town)
    amount = ordinary_amounts(people, rng, day, customer, merchant)
    # Furniture, a wedding, a new computer: now and then a purchase is many times the usual.
    large = rng.random(len(customer)) < 0.015
    amount = np.where(large, amount * rng.uniform(2, 9, len(customer)), amount)
    device = own_devices(people, rng, day, customer)
    return complete(people, rng, customer=customer, merchant=merchant, time_ms=time_ms, amount=amount, device=device)


def _sprees(world: World, people: Population, rng: np.random.Generator, day: date) -> Purchases:
    """Bursts: a shopping tour, or an evening of small in-game purchases."""
    spender = np.flatnonzero(rng.random(world.customers) < _SPREES_PER_CUSTOMER_DAY)
    count = rng.integers(3, 10, len(spender))
    gaming = np.repeat(rng.random(len(spender)) < 0.4, count)
    customer = np.repeat(spender, count)
    start_ms = np.repeat(rng.uniform(8, 22, len(spender)) * HOUR_MS, count)
    after_ms = rng.uniform(0, 1, len(customer)) * np.where(gaming, 1.0, 2.5) * HOUR_MS
    time_ms = day_start_ms(day) + np.minimum(start_ms + after_ms, DAY_MS - 1)
    town = whereabouts(world, day, customer, time_ms)
    group = np.where(gaming | (town == IN_TRANSIT), ONLINE_GROUP, town)
    # One evening, one game, mostly an old acquaintance.
    game = people.customers.online_shops[spender, rng.integers(FAVOURITES, size=len(spender))]
    game = np.where(
        rng.random(len(spender)) < 0.8, game, people.merchants.draw(rng, np.full(len(spender), ONLINE_GROUP))
    )
    merchant = np.where(gaming, np.repeat(game, count), people.merchants.draw(rng, group))
    amount = ordinary_amounts(people, rng, day, customer, merchant)
    amount = np.where(gaming, rng.lognormal(1.1, 0.7, len(customer)), amount)
    device = own_devices(people, rng, day, customer)
    return complete(people, rng, customer=customer, merchant=merchant, time_ms=time_ms, amount=amount, device=device)


def usual_times_ms(customers: Customers, rng: np.random.Generator, customer: np.ndarray) -> np.ndarray:
    """Milliseconds since midnight UTC at which these customers usually buy; a few at any hour."""
    n = len(customer)
    local_hour = np.where(rng.random(n) < 0.08, rng.uniform(0, 24, n), rng.normal(customers.peak_hour[customer], 3.5))
    utc_hour = local_hour - places.LONGITUDE[customers.town[customer]] / 15
    return (utc_hour % 24 * HOUR_MS).astype(np.int64)


def usual_merchants(
    people: Population, rng: np.random.Generator, day: date, customer: np.ndarray, town: np.ndarray
) -> np.ndarray:
    """Where these customers usually buy when they are in these towns (IN_TRANSIT: online only)."""
    customers, n = people.customers, len(customer)
    share = customers.online_share[customer]
    odds = share / (1 - share) * drift.online_odds(day)
    online = (rng.random(n) < odds / (1 + odds)) | (town == IN_TRANSIT)
    other = people.merchants.draw(rng, np.where(online, ONLINE_GROUP, town))
    rank = np.minimum(rng.geometric(0.3, n) - 1, FAVOURITES - 1)
    favourite = np.where(online, customers.online_shops[customer, rank], customers.shops[customer, rank])
    at_home = online | (town == customers.town[customer])
    return np.where(at_home & (rng.random(n) < _FAVOURITE_SHARE), favourite, other)
