"""Columns of purchases, honest or not, and all that follows from who buys what where: channel, place, country.

Honest and fraudulent purchases are completed by the same functions, so that no raw
column can tell them apart by the way it was made.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Self

import numpy as np

from fraud_platform.core.channels import CHANNELS
from fraud_platform.core.simulation import drift, places
from fraud_platform.core.simulation.population import Population

CHIP, CONTACTLESS, ONLINE, ATM = range(len(CHANNELS))
NO_DEVICE = -1
NOT_REPORTED = -1
HONEST = ""
_CONTACTLESS_LIMIT = 50.0
_DEVICE_CODES = 1 << 40
_DEVICES_PER_CUSTOMER = 1 << 14


@dataclass(frozen=True, eq=False)
class Purchases:
    """Equally long arrays, one entry a purchase. Times are milliseconds since 1970 UTC."""

    customer: np.ndarray
    merchant: np.ndarray
    time_ms: np.ndarray
    amount: np.ndarray
    device: np.ndarray
    """Code of the device, NO_DEVICE where none was seen."""
    channel: np.ndarray
    country: np.ndarray
    latitude: np.ndarray
    """NaN online, as is the longitude."""
    longitude: np.ndarray
    behaviour: np.ndarray
    """Name of the fraud behaviour, HONEST for all other purchases."""
    reported_at_ms: np.ndarray
    """Time of the chargeback, NOT_REPORTED for honest purchases."""

    def __len__(self) -> int:
        return len(self.customer)

    def take(self, which: np.ndarray) -> Self:
        """The purchases at the given indices, or where a mask holds."""
        return type(self)(**{f.name: getattr(self, f.name)[which] for f in fields(self)})

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        return cls(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)})


def complete(
    people: Population,
    rng: np.random.Generator,
    *,
    customer: np.ndarray,
    merchant: np.ndarray,
    time_ms: np.ndarray,
    amount: np.ndarray,
    device: np.ndarray,
    behaviour: str = HONEST,
    reported_at_ms: np.ndarray | None = None,
) -> Purchases:
    """Purchases with their channel and place, amounts rounded as people and machines round them."""
    merchants, n = people.merchants, len(customer)
    online, cash = merchants.online[merchant], merchants.cash[merchant]
    amount = _rounded(rng, amount, cash)
    taps = (amount <= _CONTACTLESS_LIMIT) & (rng.random(n) < people.customers.contactless_share[customer])
    channel = np.select([online, cash, taps], [ONLINE, ATM, CONTACTLESS], CHIP)
    has_device = online & (rng.random(n) < 0.92)
    return Purchases(
        customer=customer,
        merchant=merchant,
        time_ms=time_ms.astype(np.int64),
        amount=amount,
        device=np.where(has_device, device, NO_DEVICE),
        channel=channel,
        country=places.COUNTRY[merchants.town[merchant]],
        latitude=np.where(online, np.nan, merchants.latitude[merchant]),
        longitude=np.where(online, np.nan, merchants.longitude[merchant]),
        behaviour=np.full(n, behaviour, dtype=object),
        reported_at_ms=np.full(n, NOT_REPORTED) if reported_at_ms is None else reported_at_ms.astype(np.int64),
    )


def ordinary_amounts(
    people: Population, rng: np.random.Generator, day: date, customer: np.ndarray, merchant: np.ndarray
) -> np.ndarray:
    """What these customers would spend at these merchants on this day, log-normal."""
    level = people.merchants.log_amount[merchant] + people.customers.log_amount[customer] + drift.log_amount(day)
    return np.exp(level + people.merchants.log_spread[merchant] * rng.standard_normal(len(customer)))


def own_devices(people: Population, rng: np.random.Generator, day: date, customer: np.ndarray) -> np.ndarray:
    """The device each customer uses: one of two, replaced every few months, seldom one never seen again."""
    customers = people.customers
    life = customers.device_life_days[customer]
    second = rng.random(len(customer)) < 0.25
    # The second device is renewed half a life after the first.
    age = day.toordinal() + customers.device_phase_days[customer] + second * (life // 2)
    own = customer * _DEVICES_PER_CUSTOMER + 2 * (age // life) + second
    return np.where(rng.random(len(customer)) < 0.012, unknown_devices(rng, len(customer)), own)


def unknown_devices(rng: np.random.Generator, n: int) -> np.ndarray:
    """Devices that no customer has used before."""
    return rng.integers(_DEVICE_CODES // 2, _DEVICE_CODES, n)


def _rounded(rng: np.random.Generator, amount: np.ndarray, cash: np.ndarray) -> np.ndarray:
    whole = rng.random(len(amount)) < 0.15
    amount = np.where(whole, np.ceil(amount / 5) * 5, amount)
    amount = np.where(cash, np.ceil(amount / 10) * 10, amount)
    return np.round(np.clip(amount, 0.1, 20_000), 2)
