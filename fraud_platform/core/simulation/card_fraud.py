"""Attacks on a customer's card: card testing, account takeover, a clone used far away.

Each function returns all purchases of `n` attacks that start on the given day.
"""

from datetime import date

import numpy as np

from fraud_platform.core.simulation import places
from fraud_platform.core.simulation.chargebacks import reported_at_ms
from fraud_platform.core.simulation.habits import honest_purchases, usual_merchants
from fraud_platform.core.simulation.population import ONLINE_GROUP, Population, population
from fraud_platform.core.simulation.purchases import (
    Purchases,
    complete,
    ordinary_amounts,
    own_devices,
    unknown_devices,
)
from fraud_platform.core.simulation.trips import IN_TRANSIT
from fraud_platform.core.simulation.world import World
from fraud_platform.core.time import DAY_MS, HOUR_MS, day_start_ms

_OWN_DEVICE_SHARE = 0.25
"""Attacks that run on, or imitate, the victim's own device."""
_WIPED_SHARE = 0.5


def card_testing(world: World, rng: np.random.Generator, day: date, n: int) -> Purchases:
    """Stolen numbers are tried with small amounts, half of them at one shop, then the live ones are emptied."""
    people = population(world)
    victim = rng.integers(world.customers, size=n)
    probes, hauls = rng.integers(4, 11, n), rng.integers(1, 4, n)
    attack = np.repeat(np.arange(n), probes + hauls)
    is_haul = _position(probes + hauls) >= probes[attack]
    # Most testers are done within the hour; the careful ones take a day.
    pace_hours = np.where(rng.random(n) < 0.2, rng.uniform(6, 30, n), rng.uniform(0.1, 1, n))
    haul_hours = pace_hours + rng.exponential(2.0, n)
    start_ms = day_start_ms(day) + rng.uniform(0, DAY_MS, n)
    hours = rng.random(len(attack)) * np.where(is_haul, 1.5, pace_hours[attack]) + is_haul * haul_hours[attack]
    online = np.full(len(attack), ONLINE_GROUP)
    shop = people.merchants.draw(rng, np.full(n, ONLINE_GROUP))[attack]
    elsewhere = is_haul | (rng.random(len(attack)) < 0.5)
    merchant = np.where(elsewhere, people.merchants.draw(rng, online), shop)
    customer = victim[attack]
    haul = ordinary_amounts(people, rng, day, customer, merchant) * rng.uniform(1.0, 4.0, len(attack))
    return _attack(
        people,
        rng,
        day,
        "card_testing",
        attack,
        customer,
        merchant,
        time_ms=start_ms[attack] + hours * HOUR_MS,
        amount=np.where(is_haul, haul, rng.lognormal(1.0, 0.7, len(attack))),
    )


def account_takeover(world: World, rng: np.random.Generator, day: date, n: int) -> Purchases:
    """Someone else logs in and buys online for a day or two, bolder with each purchase."""
    people = population(world)
    victim = rng.integers(world.customers, size=n)
    count = rng.integers(4, 10, n)
    attack = np.repeat(np.arange(n), count)
    step = _position(count)
    span_hours = rng.uniform(2, 30, n)[attack]
    start_ms = day_start_ms(day) + rng.uniform(0, DAY_MS, n)[attack]
    customer = victim[attack]
    usual = usual_merchants(people, rng, day, customer, np.full(len(attack), IN_TRANSIT))
    other = people.merchants.draw(rng, np.full(len(attack), ONLINE_GROUP))
    merchant = np.where(rng.random(len(attack)) < 0.35, usual, other)
    boldness = np.minimum(rng.uniform(1.2, 1.7, n)[attack] ** step, 12)
    return _attack(
        people,
        rng,
        day,
        "account_takeover",
        attack,
        customer,
        merchant,
        time_ms=start_ms + (step + rng.random(len(attack))) / count[attack] * span_hours * HOUR_MS,
        amount=ordinary_amounts(people, rng, day, customer, merchant) * boldness,
    )


def impossible_travel(world: World, rng: np.random.Generator, day: date, n: int) -> Purchases:
    """A card is skimmed at an honest purchase and its clone used hours later in another country."""
    people = population(world)
    honest = honest_purchases(world, day)
    in_person = np.flatnonzero(~np.isnan(honest.latitude))
    if len(in_person) == 0:
        return honest.take(in_person)
    skimmed = honest.take(rng.choice(in_person, n))
    count = rng.integers(2, 6, n)
    attack = np.repeat(np.arange(n), count)
    here = people.merchants.town[skimmed.merchant]
    # Clones are sold on to wherever; the farthest of two towns keeps most of them off the next door.
    choice = rng.choice(places.TOWNS, size=(2, n), p=0.6 * places.HOME_SHARE + 0.4 / places.TOWNS)
    there = np.where(places.DISTANCE_KM[here, choice[0]] > places.DISTANCE_KM[here, choice[1]], *choice)
    customer = skimmed.customer[attack]
    merchant = people.merchants.draw(rng, there[attack])
    delay_hours = rng.uniform(0.2, 4, n)[attack] + rng.uniform(0, 3, len(attack))
    return _attack(
        people,
        rng,
        day,
        "impossible_travel",
        attack,
        customer,
        merchant,
        time_ms=skimmed.time_ms[attack] + delay_hours * HOUR_MS,
        amount=ordinary_amounts(people, rng, day, customer, merchant) * rng.uniform(0.8, 2.0, len(attack)),
    )


def _attack(
    people: Population,
    rng: np.random.Generator,
    day: date,
    behaviour: str,
    attack: np.ndarray,
    customer: np.ndarray,
    merchant: np.ndarray,
    *,
    time_ms: np.ndarray,
    amount: np.ndarray,
) -> Purchases:
    """An attack keeps to the victim's own device, or to one of its own, wiped between many of the purchases."""
    attacks, purchases = (int(attack[-1]) + 1 if len(attack) else 0), len(attack)
    imitates = (rng.random(attacks) < _OWN_DEVICE_SHARE)[attack]
    wiped = rng.random(purchases) < _WIPED_SHARE
    foreign = np.where(wiped, unknown_devices(rng, purchases), unknown_devices(rng, attacks)[attack])
    device = np.where(imitates, own_devices(people, rng, day, customer), foreign)
    return complete(
        people,
        rng,
        customer=customer,
        merchant=merchant,
        time_ms=time_ms,
        amount=amount,
        device=device,
        behaviour=behaviour,
        reported_at_ms=reported_at_ms(rng, time_ms),
    )


def _position(count: np.ndarray) -> np.ndarray:
    """0, 1, … within each of the consecutive runs of the given lengths."""
    return np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
