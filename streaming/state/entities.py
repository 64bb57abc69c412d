"""The state of entities, such as merchants: indices of their events, in a log-structured merge store (lsm_store.py).

A merchant's transactions come in all Kafka partitions, so there is one store for all of
them, and the driver keeps it. It counts by binary search and never gathers a merchant's
events, so a popular merchant costs no more than any other.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from fraud_platform.core.arrays import Floats
from fraud_platform.core.features.entity_events import EntityEventArray
from fraud_platform.core.features.velocity import EntityEventIndex, index_of, merged
from fraud_platform.core.features.windows import Int
from fraud_platform.declared import FEATURE_SET
from fraud_platform.messages.schemas import MAX_LATENESS_MS
from streaming.state.customers import BOOTSTRAP_FOLDER
from streaming.state.lsm_store import LsmStore, map_file, write_file

FOLDER = "velocity"
PLAN = FEATURE_SET.velocity
REACH_MS = PLAN.reach_ms + MAX_LATENESS_MS
"""How long before its arrival a transaction's windows can begin."""

THREADED_ROWS = 20_000
"""Of fewer, threads would cost more than they save."""
_THREADS = os.cpu_count() or 1

Positions = dict[int, int]
"""Kafka partition → the offset from which on its entity events are not counted yet."""


class VelocityState:
    """The entity events before batch `batch_id`, to which its own are added."""

    def __init__(self, folder: Path, batch_id: int) -> None:
        """folder: the state's; the bootstrap's runs in it come before any batch."""
        bootstrapped = sorted((folder / FOLDER / BOOTSTRAP_FOLDER).glob("*.arrow"))
        self._bootstrap = {path: EntityEventsFile(path) for path in bootstrapped}
        self._store = LsmStore(folder / FOLDER, batch_id, EntityEventsFile)
        self._own: list[EntityEventsFile] = []

    @property
    def positions(self) -> Positions:
        """Where the entity events begin that are not counted yet; only partitions that were read ahead are named."""
        files = self._files
        return files[-1].positions if files else {}

    def compact(self, oldest_arrival_ms: int) -> None:
        """Drop what no transaction that arrives from now on can refer to, and merge small runs.

        oldest_arrival_ms: the earliest Kafka timestamp in the batch.
        """
        horizon_ms = oldest_arrival_ms - REACH_MS
        for path in [path for path, file in self._bootstrap.items() if file.newest_ms < horizon_ms]:
            del self._bootstrap[path]
            path.unlink()
        self._store.compact(horizon_ms, partial(_merge, horizon_ms))

    def add(self, entity_events: EntityEventArray, positions: Positions) -> None:
        """Write the batch's entity events (k,) as its run; positions: see `positions`."""
        path = self._store.path()
        write_entity_events(path, index_of(PLAN, entity_events), self.positions | positions)
        self._own = [EntityEventsFile(path)]

    def velocities(self, entity_events: EntityEventArray) -> Floats:
        """Velocities (n, F) of transactions by their entity events (n, entities)."""
        asked = entity_events.reshape(-1)
        order = np.argsort(asked["entity"])
        counts = PLAN.no_counts(len(asked))
        files = self._files

        def count(part: Int) -> None:
            entity, asked_ms = asked["entity"][part], asked["asked_ms"][part]
            for file in files:
                counts[part] += file.index.counts(PLAN, entity, asked_ms)

        if len(order) < THREADED_ROWS:
            count(order)
        else:  # NumPy searches without Python's lock
            with ThreadPoolExecutor(_THREADS) as threads:
                list(threads.map(count, np.array_split(order, _THREADS)))
        return PLAN.values(counts.reshape(*entity_events.shape, *counts.shape[1:]))

    @property
    def _files(self) -> list["EntityEventsFile"]:
        return [*self._bootstrap.values(), *self._store.files, *self._own]


class EntityEventsFile:
    """A run of entity events, as an index of them, memory-mapped."""

    def __init__(self, path: Path) -> None:
        table = map_file(path)
        metadata = {key.decode(): json.loads(value) for key, value in table.schema.metadata.items()}
        entity, come, *others = (
            table[name].chunk(0).to_numpy() if len(table) else np.empty(0, np.int64) for name in table.column_names
        )
        met, added = others[: len(PLAN.conditions)], others[len(PLAN.conditions) :]
        self.index = EntityEventIndex(entity, come, tuple(met), tuple(added), metadata["start_ms"], metadata["stride"])
        self.newest_ms: int = metadata["newest_ms"]
        self.positions: Positions = {int(p): offset for p, offset in metadata["positions"].items()}

    def __len__(self) -> int:
        return len(self.index.entity)


def write_entity_events(path: Path, index: EntityEventIndex, positions: Positions) -> None:
    """Write an index of entity events, and where those that it lacks begin, as a run."""
    columns = {"entity": index.entity, "come": index.come}
    columns |= {f"met_{i}": running for i, running in enumerate(index.met)}
    columns |= {f"added_{window.text}": keys for window, keys in zip(PLAN.windows, index.added, strict=True)}
    metadata = {
        "start_ms": index.start_ms,
        "stride": index.stride,
        "newest_ms": index.newest_ms,
        "positions": positions,
    }
    batch = pa.record_batch({name: pa.array(np.ascontiguousarray(column)) for name, column in columns.items()})
    write_file(path, batch.replace_schema_metadata({name: json.dumps(value) for name, value in metadata.items()}))


def _merge(horizon_ms: int, files: list[EntityEventsFile], path: Path) -> None:
    write_entity_events(path, merged([file.index for file in files], horizon_ms), files[-1].positions)
