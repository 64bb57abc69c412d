"""Who lives in a world: customers and their habits, merchants and their trade."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fraud_platform.core.simulation import places
from fraud_platform.core.simulation.world import World

FAVOURITES = 6
ONLINE_GROUP = places.TOWNS
"""Merchants are drawn by group: one group a town, and one of all that sell online."""

MEAN_PURCHASES_PER_DAY = 1.3

# name, sells online, share of merchants, median amount, spread of the logarithm
_CATEGORIES = [
    ("groceries", False, 0.22, 32, 0.7),
    ("restaurant", False, 0.15, 24, 0.6),
    ("transit", False, 0.08, 3.2, 0.5),
    ("fuel", False, 0.06, 48, 0.4),
    ("fashion", False, 0.08, 55, 0.7),
    ("electronics", False, 0.04, 150, 0.8),
    ("cash", False, 0.08, 80, 0.6),
    ("digital", True, 0.07, 6, 0.8),
    ("marketplace", True, 0.12, 38, 0.9),
    ("fashion online", True, 0.05, 60, 0.7),
    ("electronics online", True, 0.03, 160, 0.9),
    ("travel online", True, 0.02, 220, 0.8),
]
_CASH = [category[0] for category in _CATEGORIES].index("cash")


@dataclass(frozen=True, eq=False)
class Customers:
    """Habits, one entry a customer; the favourite merchants have shape (customers, FAVOURITES)."""

    town: np.ndarray
    second_town: np.ndarray
    """Where a relative uses the same card; the own town where there is none."""
    purchases_per_day: np.ndarray
    log_amount: np.ndarray
    peak_hour: np.ndarray
    online_share: np.ndarray
    contactless_share: np.ndarray
    device_life_days: np.ndarray
    device_phase_days: np.ndarray
    shops: np.ndarray
    online_shops: np.ndarray


@dataclass(frozen=True, eq=False)
class Merchants:
    """Trade, one entry a merchant; `order` and `reach` serve weighted draws within a group."""

    group: np.ndarray
    online: np.ndarray
    cash: np.ndarray
    town: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    log_amount: np.ndarray
    log_spread: np.ndarray
    popularity: np.ndarray
    order: np.ndarray
    """Merchants sorted by group."""
    reach: np.ndarray
    """Cumulative popularity in that order."""
    bounds: np.ndarray
    """Cumulative popularity before each group, and the total: shape (groups + 1,)."""

    def draw(self, rng: np.random.Generator, group: np.ndarray) -> np.ndarray:
        """One merchant of each of the given groups, by popularity."""
        low, high = self.bounds[group], self.bounds[group + 1]
        at = np.searchsorted(self.reach, low + rng.random(len(group)) * (high - low), side="right")
        return self.order[np.minimum(at, len(self.order) - 1)]


@dataclass(frozen=True, eq=False)
class Population:
    customers: Customers
    merchants: Merchants


@lru_cache(maxsize=4)
def population(world: World) -> Population:
    """The inhabitants of a world; the same for all its days."""
    merchants = _merchants(world)
    return Population(_customers(world, merchants), merchants)


def _merchants(world: World) -> Merchants:
    rng, n = world.rng("merchants"), world.merchants
    share = np.array([c[2] for c in _CATEGORIES])
    category = rng.choice(len(_CATEGORIES), size=n, p=share / share.sum())
    # Two shops in each town before chance decides, so that a card can be used wherever its owner goes.
    shops_first = 2 * places.TOWNS
    category[:shops_first] %= _CASH
    town = rng.choice(places.TOWNS, size=n, p=0.75 * places.HOME_SHARE + 0.25 / places.TOWNS)
    town[:shops_first] = np.arange(shops_first) % places.TOWNS
    online = np.array([c[1] for c in _CATEGORIES])[category]
    group = np.where(online, ONLINE_GROUP, town)
    popularity = (1.0 + rng.permutation(n)) ** -0.7
    # A few terminals are registered at a head office elsewhere: their place is wrong for ever.
    registered = np.where(rng.random(n) < 0.005, rng.integers(places.TOWNS, size=n), town)
    order = np.argsort(group, kind="stable")
    reach = np.cumsum(popularity[order])
    return Merchants(
        group=group,
        online=online,
        cash=category == _CASH,
        town=registered,
        latitude=places.LATITUDE[registered] + rng.normal(0, 0.05, n),
        longitude=places.LONGITUDE[registered] + rng.normal(0, 0.08, n),
        log_amount=np.log([c[3] for c in _CATEGORIES])[category] + rng.normal(0, 0.3, n),
        log_spread=np.array([c[4] for c in _CATEGORIES])[category],
        popularity=popularity,
        order=order,
        reach=reach,
        bounds=np.concatenate([[0.0], reach])[np.searchsorted(group[order], np.arange(ONLINE_GROUP + 2))],
    )


def _customers(world: World, merchants: Merchants) -> Customers:
    rng, n = world.rng("customers"), world.customers
    town = rng.choice(places.TOWNS, size=n, p=places.HOME_SHARE)
    elsewhere = rng.choice(places.TOWNS, size=n, p=places.HOME_SHARE)
    return Customers(
        town=town,
        second_town=np.where(rng.random(n) < 0.02, elsewhere, town),
        purchases_per_day=rng.gamma(2.0, MEAN_PURCHASES_PER_DAY / 2.0, n),
        log_amount=rng.normal(0, 0.35, n),
        peak_hour=rng.normal(14.5, 2.5, n),
        online_share=rng.beta(2.0, 5.0, n),
        contactless_share=rng.beta(3.0, 2.0, n),
        device_life_days=rng.integers(120, 900, n),
        device_phase_days=rng.integers(0, 900, n),
        shops=merchants.draw(rng, np.repeat(town, FAVOURITES)).reshape(n, FAVOURITES),
        online_shops=merchants.draw(rng, np.full(n * FAVOURITES, ONLINE_GROUP)).reshape(n, FAVOURITES),
    )
