"""The state of merchants and devices: who visited them, as runs (runs.py) of visit indices.

A merchant's transactions come in all Kafka partitions, so this state is one for all of
them and the driver keeps it. It counts by binary search and never gathers a merchant's
visits, so a popular merchant costs no more than any other.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from fraud_platform.core.arrays import Floats
from fraud_platform.core.features.velocity import REACH_MS as WINDOW_REACH_MS
from fraud_platform.core.features.velocity import (
    VELOCITY_WINDOWS,
    VisitIndex,
    index_of,
    merged,
    no_counts,
    velocities,
)
from fraud_platform.core.features.visits import VisitArray
from fraud_platform.core.features.windows import Int
from fraud_platform.schemas import MAX_LATENESS_MS
from streaming.runs import Runs, map_file, write_file
from streaming.state import SEED_FOLDER

FOLDER = "velocity"
REACH_MS = WINDOW_REACH_MS + MAX_LATENESS_MS
"""How long before its arrival a transaction's windows can begin."""

THREADED_ROWS = 20_000
"""Of fewer, threads would cost more than they save."""
_THREADS = os.cpu_count() or 1

Positions = dict[int, int]
"""Kafka partition → the offset from which on its visits are not counted yet."""


class VelocityState:
    """The visits before batch `batch_id`, to which its own are added."""

    def __init__(self, folder: Path, batch_id: int) -> None:
        """folder: the state's; the seed in it comes before any batch."""
        self._seed = {path: VisitsFile(path) for path in sorted((folder / FOLDER / SEED_FOLDER).glob("*.arrow"))}
        self._runs = Runs(folder / FOLDER, batch_id, VisitsFile)
        self._own: list[VisitsFile] = []

    @property
    def positions(self) -> Positions:
        """Where the visits begin that are not counted yet; partitions that were never read ahead are not named."""
        files = self._files
        return files[-1].positions if files else {}

    def compact(self, oldest_arrival_ms: int) -> None:
        """Drop what no transaction that arrives from now on can refer to, and merge small runs.

        oldest_arrival_ms: the earliest Kafka timestamp in the batch.
        """
        horizon_ms = oldest_arrival_ms - REACH_MS
        for path in [path for path, file in self._seed.items() if file.newest_ms < horizon_ms]:
            del self._seed[path]
            path.unlink()
        self._runs.compact(horizon_ms, partial(_merge, horizon_ms))

    def add(self, visits: VisitArray, positions: Positions) -> None:
        """Write the batch's VISIT rows (k,) as its run; positions: see `positions`."""
        path = self._runs.path()
        write_visits(path, index_of(visits), self.positions | positions)
        self._own = [VisitsFile(path)]

    def velocities(self, visits: VisitArray) -> Floats:
        """VELOCITY_FEATURES (n, F) of transactions by their visits (n, len(ENTITIES))."""
        asked = visits.reshape(-1)
        order = np.argsort(asked["entity"])
        counts = no_counts(len(asked))
        files = self._files

        def count(part: Int) -> None:
            entity, asked_ms = asked["entity"][part], asked["asked_ms"][part]
            for file in files:
                counts[part] += file.index.counts(entity, asked_ms)

        if len(order) < THREADED_ROWS:
            count(order)
        else:  # NumPy searches without Python's lock
            with ThreadPoolExecutor(_THREADS) as threads:
                list(threads.map(count, np.array_split(order, _THREADS)))
        return velocities(counts.reshape(*visits.shape, *counts.shape[1:]))

    @property
    def _files(self) -> list["VisitsFile"]:
        return [*self._seed.values(), *self._runs.files, *self._own]


class VisitsFile:
    """A run of visits, memory-mapped."""

    def __init__(self, path: Path) -> None:
        table = map_file(path)
        metadata = {key.decode(): json.loads(value) for key, value in table.schema.metadata.items()}
        entity, come, small, *added = (
            table[name].chunk(0).to_numpy() if len(table) else np.empty(0, np.int64) for name in table.column_names
        )
        self.index = VisitIndex(entity, come, small, tuple(added), metadata["start_ms"], metadata["stride"])
        self.newest_ms: int = metadata["newest_ms"]
        self.positions: Positions = {int(p): offset for p, offset in metadata["positions"].items()}

    def __len__(self) -> int:
        return len(self.index.entity)


def write_visits(path: Path, index: VisitIndex, positions: Positions) -> None:
    """Write an index of visits, and where those that it lacks begin, as a run."""
    columns = {"entity": index.entity, "come": index.come, "small": index.small}
    columns |= {f"added_{window}": keys for window, keys in zip(VELOCITY_WINDOWS, index.added, strict=True)}
    metadata = {
        "start_ms": index.start_ms,
        "stride": index.stride,
        "newest_ms": index.newest_ms,
        "positions": positions,
    }
    batch = pa.record_batch({name: pa.array(np.ascontiguousarray(column)) for name, column in columns.items()})
    write_file(path, batch.replace_schema_metadata({name: json.dumps(value) for name, value in metadata.items()}))


def _merge(horizon_ms: int, files: list[VisitsFile], path: Path) -> None:
    write_visits(path, merged([file.index for file in files], horizon_ms), files[-1].positions)
