"""The state of customers: each one's trailing events, in a log-structured merge store (lsm_store.py).

A run is sorted by customer and memory-mapped by whoever reads it, so a batch pays for the
customers that it touches and for no others. There is one store a Kafka partition, since
all transactions of a customer are in one partition.
"""

from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fraud_platform.core.features.event_layout import KEY, TIME_MS, EventArray
from fraud_platform.core.time import DAY_MS
from fraud_platform.declared import FEATURE_SET
from fraud_platform.messages.schemas import MAX_CLOCK_SKEW_MS, MAX_LATENESS_MS
from fraud_platform.storage.arrow_bytes import binary_of
from streaming.state.lsm_store import LsmStore, map_file, write_file

Int = NDArray[np.int64]

BOOTSTRAP_FOLDER = "seed"
"""Of the runs that a state bootstrap wrote, before any batch."""
REACH_MS = FEATURE_SET.history_days * DAY_MS + MAX_LATENESS_MS + MAX_CLOCK_SKEW_MS
"""How long before its arrival a transaction's windows can begin."""
_SCHEMA = pa.schema([("customer", pa.int64()), ("event", pa.binary(FEATURE_SET.layout.dtype.itemsize))])


class PartitionState:
    """The state of one Kafka partition as batch `batch_id` finds it."""

    def __init__(self, folder: Path, partition: int, batch_id: int) -> None:
        """folder: of all partitions' stores and of the bootstrap's runs, whose events come before any batch's."""
        self._store = LsmStore(folder / str(partition), batch_id, EventsFile)
        self._bootstrap = [EventsFile(path) for path in sorted((folder / BOOTSTRAP_FOLDER).glob("*.arrow"))]

    def history(self, customers: Int) -> EventArray:
        """Events of the customers (sorted, unique), in each one's order of arrival."""
        files = [*self._bootstrap, *self._store.files]
        return FEATURE_SET.layout.joined(file.events_of(customers) for file in files)

    def add(self, kept: EventArray) -> None:
        """Write the batch's events: KernelResult.kept, sorted by customer."""
        if len(kept):
            write_events(self._store.path(), kept)

    def compact(self, oldest_arrival_ms: int) -> None:
        """Drop what no transaction that arrives from now on can refer to, and merge small runs.

        oldest_arrival_ms: the earliest Kafka timestamp in the batch.
        """
        horizon_ms = oldest_arrival_ms - REACH_MS
        # Only passed over: other partitions may be behind.
        self._bootstrap = [file for file in self._bootstrap if file.newest_ms >= horizon_ms]
        self._store.compact(horizon_ms, partial(_merge, horizon_ms))


class EventsFile:
    """A run of events, memory-mapped."""

    def __init__(self, path: Path) -> None:
        table = map_file(path)
        self._customers = table["customer"].chunk(0).to_numpy() if len(table) else np.empty(0, np.int64)
        data = table["event"].chunk(0).buffers()[1] if len(table) else b""
        self.events: EventArray = np.frombuffer(data, FEATURE_SET.layout.dtype, len(table))
        self.newest_ms = int(table.schema.metadata[b"newest_ms"])

    def __len__(self) -> int:
        return len(self.events)

    def events_of(self, customers: Int) -> EventArray:
        """Events of the customers (sorted), in the file's order."""
        first = np.searchsorted(self._customers, customers, side="left")
        count = np.searchsorted(self._customers, customers, side="right") - first
        ends = np.cumsum(count)
        positions = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - ends + count, count)
        return self.events.take(positions)


def write_events(path: Path, events: EventArray) -> None:
    """Write events, sorted by customer and in order of arrival, as a run."""
    newest_ms = int(events[TIME_MS].max(initial=0))
    schema = _SCHEMA.with_metadata({"newest_ms": str(newest_ms)})
    columns = [pa.array(np.ascontiguousarray(events[KEY])), binary_of(events.reshape(-1, 1))]
    write_file(path, pa.record_batch(columns, schema=schema))


def _merge(horizon_ms: int, files: list[EventsFile], path: Path) -> None:
    events = FEATURE_SET.layout.joined(file.events for file in files)
    events = events.compress(events[TIME_MS] >= horizon_ms)
    # Stable: within a customer the files' order is the order of arrival.
    write_events(path, events.take(np.argsort(events[KEY], kind="stable")))
