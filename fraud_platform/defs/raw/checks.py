"""Promises of the raw tables, held against the offset ranges of their last materialisation."""

from datetime import date
from typing import NamedTuple

import dagster as dg
import numpy as np
import pyarrow.compute as pc

from fraud_platform.defs.metadata import last_days, last_materialisation
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.kafka import OffsetRange
from fraud_platform.storage.scattered_offsets import Offsets, count_messages

MOST_REJECTED = 0.01
"""Share of rejected messages from which on somebody should look."""


class _Days(NamedTuple):
    """The days materialised last: their offsets, and the accepted and rejected rows that came of them."""

    first: date
    last: date
    offsets: OffsetRange
    accepted: int
    rejected: int

    @property
    def rows(self) -> int:
        return self.accepted + self.rejected

    @property
    def offset_count(self) -> int:
        return sum(end - start for start, end in self.offsets.values())


def _days(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> _Days:
    first, last = last_days(context, "raw_transactions")
    topic = platform.settings.kafka_topic
    ranges = last_materialisation(context, dg.AssetKey("raw_transactions"))["offset_ranges"][topic]
    accepted = platform.lake.row_count("raw/transactions", first, last)
    topics = platform.lake.read("raw/rejected", ["topic"], first, last)["topic"].to_pylist()
    offsets = {int(partition): (start, end) for partition, (start, end) in ranges.items()}
    return _Days(first, last, offsets, accepted, topics.count(topic))


@dg.asset_check(asset="raw_transactions")
def every_offset_is_accounted_for(
    context: dg.AssetCheckExecutionContext, platform: PlatformResource
) -> dg.AssetCheckResult:
    """Each offset of the days is one row, accepted or rejected, or Kafka has no message there."""
    days, settings = _days(context, platform), platform.settings
    # Markers of transactions take offsets, too. Kafka is asked only about those that no row came of.
    without_row = {} if days.rows == days.offset_count else _without_row(platform, days)
    lost = count_messages(settings, settings.kafka_topic, without_row) if without_row else 0
    empty = sum(map(len, without_row.values())) - lost
    return dg.AssetCheckResult(
        passed=lost == 0 and days.rows + empty == days.offset_count,
        metadata={
            "offsets": days.offset_count,
            "accepted": days.accepted,
            "rejected": days.rejected,
            "without_message": empty,
            "lost": lost,
        },
    )


@dg.asset_check(asset="raw_transactions")
def few_messages_are_rejected(
    context: dg.AssetCheckExecutionContext, platform: PlatformResource
) -> dg.AssetCheckResult:
    """At most 1 % of the messages are rejected; raw_rejected says why each of them was."""
    days = _days(context, platform)
    share = days.rejected / max(days.rows, 1)
    return dg.AssetCheckResult(
        passed=share <= MOST_REJECTED,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"rejected": days.rejected, "share": share},
    )


def _without_row(platform: PlatformResource, days: _Days) -> dict[int, Offsets]:
    """Offsets of the days that no row came of, of each partition."""
    of_topic = pc.field("topic") == platform.settings.kafka_topic
    missing = {}
    for partition, (start, end) in days.offsets.items():
        here = pc.field("kafka_partition") == partition
        rows = [
            platform.lake.read(table, ["kafka_offset"], days.first, days.last, where=where)["kafka_offset"].to_numpy()
            for table, where in (("raw/transactions", here), ("raw/rejected", here & of_topic))
        ]
        missing[partition] = np.setdiff1d(np.arange(start, end), np.concatenate(rows))
    return missing
