"""Where a topic's days meet: the offsets of each midnight, recorded once and for good by its first reader.

A message that comes after its midnight was recorded belongs to the next day, whatever its timestamp. So
consecutive days meet, and no message lies in none or in two of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.pipeline.tables import MIDNIGHTS
from fraud_platform.storage.lake import Lake


@dataclass(frozen=True)
class Midnight:
    """First offset of the day in each partition; what a partition that is new since then has, comes after it."""

    topic_id: str
    offsets: Mapping[int, int]


def recorded(lake: Lake, topic: str) -> dict[date, Midnight]:
    """The midnights of a topic, in order."""
    if not lake.exists(MIDNIGHTS):
        return {}
    found: dict[date, tuple[str, dict[int, int]]] = {}
    for row in lake.read(MIDNIGHTS, where=pc.field("topic") == topic).sort_by("date").to_pylist():
        found.setdefault(row["date"], (row["topic_id"], {}))[1][row["kafka_partition"]] = row["kafka_offset"]
    return {day: Midnight(*midnight) for day, midnight in found.items()}


def record(lake: Lake, topic: str, midnights: Mapping[date, Midnight], at_ms: int) -> None:
    """Add midnights to those that are recorded, which stay as they are.

    Not for two writers of a topic at once: Dagster's pools and an upgrade's checks keep them apart.
    """
    known = recorded(lake, topic)
    rows = [
        {
            "topic": topic,
            "topic_id": midnight.topic_id,
            "date": day,
            "kafka_partition": partition,
            "kafka_offset": offset,
            "recorded_at_ms": at_ms,
        }
        for day, midnight in midnights.items()
        if day not in known
        for partition, offset in midnight.offsets.items()
    ]
    if rows:
        former = [lake.read(MIDNIGHTS, where=pc.field("topic") == topic).cast(MIDNIGHTS.schema)] if known else []
        lake.replace_topic(MIDNIGHTS, pa.concat_tables([*former, pa.Table.from_pylist(rows, MIDNIGHTS.schema)]), topic)
