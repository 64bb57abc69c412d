"""Whole days of a world, ready to be sent: honest purchases and frauds in the order of time."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from fraud_platform.core.channels import CHANNELS
from fraud_platform.core.simulation.campaigns import frauds_of
from fraud_platform.core.simulation.chargebacks import MAX_REPORT_DELAY_DAYS
from fraud_platform.core.simulation.habits import honest_purchases
from fraud_platform.core.simulation.purchases import HONEST, NO_DEVICE, Purchases
from fraud_platform.core.simulation.world import World
from fraud_platform.core.time import day_start_ms

_SCATTER = 0x9E3779B97F
"""Odd, so that multiplying by it modulo 2⁴⁰ gives each device its own identifier, in no visible order."""


def simulate_day(world: World, day: date) -> pd.DataFrame:
    """All transactions of a day (UTC) in time order, the same whenever and wherever it is called.

    Columns: the fields of schemas.Transaction without schema_version, and is_fraud (bool),
    behaviour (name of the fraud behaviour, "" for honest ones; for inspection, never sent),
    reported_at_ms (int64, time of the chargeback; -1 for honest ones).
    """
    purchases = Purchases.concatenate([honest_purchases(world, day), *frauds_of(world, day)])
    return _frame(day, purchases.take(np.argsort(purchases.time_ms, kind="stable")))


def outstanding_reports(world: World, first: date, until: date) -> pd.DataFrame:
    """Chargebacks of the days from `first` to `until` (left out) that come in from `until` on.

    Columns transaction_id, customer_id and reported_at_ms, in the order of reporting. It is what a feed
    that ended before `until` has left for the next one to send.
    """
    start = max(first, until - timedelta(days=MAX_REPORT_DELAY_DAYS + 1))
    days = [simulate_day(world, start + timedelta(days=n)) for n in range((until - start).days)]
    if not days:
        return pd.DataFrame({"transaction_id": [], "customer_id": [], "reported_at_ms": np.empty(0, np.int64)})
    reports = pd.concat(days)[["transaction_id", "customer_id", "reported_at_ms"]]
    return reports[reports["reported_at_ms"] >= day_start_ms(until)].sort_values("reported_at_ms", ignore_index=True)


def _frame(day: date, purchases: Purchases) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "transaction_id": [f"{day:%Y%m%d}-{index:06d}" for index in range(len(purchases))],
            "customer_id": [f"C{customer:06d}" for customer in purchases.customer.tolist()],
            "merchant_id": [f"M{merchant:05d}" for merchant in purchases.merchant.tolist()],
            "event_time_ms": purchases.time_ms,
            "amount": purchases.amount,
            "device_id": [_device_id(code) for code in purchases.device.tolist()],
            "channel": np.array(CHANNELS, object)[purchases.channel],
            "country": purchases.country,
            "latitude": purchases.latitude.round(5),
            "longitude": purchases.longitude.round(5),
            "is_fraud": purchases.behaviour != HONEST,
            "behaviour": purchases.behaviour,
            "reported_at_ms": purchases.reported_at_ms,
        }
    )


def _device_id(code: int) -> str | None:
    return None if code == NO_DEVICE else f"d{code * _SCATTER % (1 << 40):010x}"
