"""The offsets of a raw table's days: each is a row, or was read and held no message, or is a gap."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow.compute as pc

from fraud_platform.operations.scattered_offsets import Offsets, count_messages
from fraud_platform.pipeline.ingest import topic_of
from fraud_platform.pipeline.readings import Reading, gaps, readings
from fraud_platform.settings import Settings
from fraud_platform.storage.lake import Lake, Table


@dataclass(frozen=True)
class RawAccount:
    """Counts of offsets and rows over some days of a raw table."""

    days: int
    """Readings of a day and partition."""
    offsets: int
    rows: int
    noted: int
    """Rows that were written, as it was noted then."""
    never_read: int
    lost: int
    """Messages that Kafka has where offsets were read, and that have no row, and rows that are there twice."""
    gaps: Sequence[str]
    """Offsets that were never read, told for people."""

    @property
    def without_message(self) -> int:
        """Offsets of markers and of aborted messages."""
        return self.offsets - self.rows - self.never_read - self.lost


def raw_account(settings: Settings, lake: Lake, table: Table, first: date, last: date) -> RawAccount:
    """Of the days first to last, both included; raises ServiceUnavailableError where Kafka has to be asked in vain."""
    days = readings(lake, topic_of(settings, table), first, last)
    offsets, noted = sum(r.end - r.first for r in days), sum(r.messages for r in days)
    never_read = sum(end - start for r in days for start, end in r.gaps)
    rows = lake.row_count(table, first, last)
    # Markers of transactions take offsets, too. Kafka is asked only about those that no row came of.
    is_whole = rows + never_read == offsets
    lost = 0 if is_whole else _messages_without_row(settings, lake, table, days, first, last)
    return RawAccount(len(days), offsets, rows, noted, never_read, lost, gaps(days))


def _messages_without_row(
    settings: Settings, lake: Lake, table: Table, days: list[Reading], first: date, last: date
) -> int:
    missing: dict[int, Offsets] = {}
    doubled = 0
    for partition in {r.partition for r in days}:
        here = pc.field("kafka_partition") == partition
        rows = lake.read(table, ["kafka_offset"], first, last, where=here)["kafka_offset"].to_numpy()
        doubled += len(rows) - len(np.unique(rows))
        read = [np.arange(a, b) for r in days if r.partition == partition for a, b in r.read]
        missing[partition] = np.setdiff1d(np.concatenate([np.empty(0, np.int64), *read]), rows)
    return doubled + count_messages(settings, topic_of(settings, table), missing)
