"""What the kernel makes of all transactions in a lake in one go, to hold batch features against."""

from typing import NamedTuple

import numpy as np

from fraud_platform.pipeline import tables
from fraud_platform.pipeline.transactions import events_of
from fraud_platform.storage.lake import Lake
from fraud_platform_tests.support.simulated_world import KERNEL, LAYOUT
from fraud_platform_tests.support.velocity_at_once import velocities_at_once

PLACE = [("kafka_partition", "ascending"), ("kafka_offset", "ascending")]


class KernelOnLake(NamedTuple):
    """Features of the transactions that repeat no other, in the order of PLACE."""

    offsets: list[int]
    values: np.ndarray
    """CUSTOMER_FEATURES + VELOCITY_FEATURES (n, F)."""
    repeats: int
    """Transactions that are left out."""


def kernel_on_lake(lake: Lake) -> KernelOnLake:
    rows = lake.read(tables.TRANSACTIONS).sort_by(PLACE)
    events = events_of(rows)
    computed = KERNEL.features(LAYOUT.empty, events)
    first = ~computed.duplicate
    values = np.hstack((computed.values, velocities_at_once(events)))[first]
    return KernelOnLake(rows["kafka_offset"].filter(first).to_pylist(), values, int(computed.duplicate.sum()))
