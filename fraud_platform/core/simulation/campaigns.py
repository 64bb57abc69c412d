"""Which frauds are under way on a day: campaigns start at random and run on for days or weeks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from fraud_platform.core.simulation import drift
from fraud_platform.core.simulation.card_fraud import account_takeover, card_testing, impossible_travel
from fraud_platform.core.simulation.merchant_fraud import collusion, compromised_merchant
from fraud_platform.core.simulation.population import MEAN_PURCHASES_PER_DAY
from fraud_platform.core.simulation.purchases import Purchases
from fraud_platform.core.simulation.world import World
from fraud_platform.core.time import day_start_ms

FRAUD_RATE = 0.01
"""Frauds per honest purchase, on the average of many days."""


@dataclass(frozen=True)
class Behaviour:
    """One way of committing fraud, and how common it is."""

    attack: Callable[[World, np.random.Generator, date, int], Purchases]
    share: float
    """Of all frauds."""
    purchases: float
    """Mean number in a campaign."""
    days: int
    """Longest time from the start of a campaign's first day to its last purchase."""

    @property
    def name(self) -> str:
        return self.attack.__name__


BEHAVIOURS = (
    Behaviour(card_testing, share=0.20, purchases=9, days=4),
    Behaviour(account_takeover, share=0.24, purchases=6.5, days=4),
    Behaviour(impossible_travel, share=0.18, purchases=3.5, days=3),
    Behaviour(compromised_merchant, share=0.20, purchases=87, days=22),
    Behaviour(collusion, share=0.18, purchases=70, days=29),
)


def frauds_of(world: World, day: date) -> list[Purchases]:
    """All fraudulent purchases of a day (UTC), in no particular order, empty parts included."""
    start_ms = day_start_ms(day)
    end_ms = day_start_ms(day + timedelta(days=1))
    parts = []
    for position, behaviour in enumerate(BEHAVIOURS):
        for back in range(behaviour.days):
            campaign = _starting(world, position, day - timedelta(days=back))
            if campaign is not None:
                parts.append(campaign.take((campaign.time_ms >= start_ms) & (campaign.time_ms < end_ms)))
    return parts


@lru_cache(maxsize=512)
def _starting(world: World, position: int, day: date) -> Purchases | None:
    behaviour = BEHAVIOURS[position]
    rng = world.rng(behaviour.name, day)
    frauds_per_day = FRAUD_RATE * world.customers * MEAN_PURCHASES_PER_DAY * behaviour.share
    campaigns = frauds_per_day / behaviour.purchases * drift.behaviour_share(day, position, len(BEHAVIOURS))
    n = int(rng.poisson(campaigns))
    return behaviour.attack(world, rng, day, n) if n else None
