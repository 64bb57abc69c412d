"""Rejected messages, summed up for people."""

from datetime import date
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.pipeline.tables import REJECTIONS, TRANSACTIONS
from fraud_platform.storage.lake import Lake

_BY = ["topic", "field", "reason"]


class Rejections(NamedTuple):
    """How many messages of a topic were rejected for one field and reason."""

    topic: str
    field: str
    reason: str
    messages: int

    @property
    def words(self) -> str:
        return f"{self.field} {self.reason} ({self.messages:,})"


def rejections_by_reason(rejected: pa.Table) -> list[Rejections]:
    """From the columns topic, field and reason of `rejected`; most messages first."""
    counts = rejected.group_by(_BY).aggregate([([], "count_all")]).to_pylist()
    found = [Rejections(row["topic"], row["field"], row["reason"], row["count_all"]) for row in counts]
    return sorted(found, key=lambda r: (-r.messages, r))


def rejections_of(lake: Lake, first: date, last: date, topic: str | None = None) -> list[Rejections]:
    """Of the messages that arrived on the days first to last, both included, of one topic or of all; as above."""
    of_topic = None if topic is None else pc.field("topic") == topic
    return rejections_by_reason(lake.read(REJECTIONS, _BY, first, last, where=of_topic))


def rejected_and_all(lake: Lake, topic: str, first: date, last: date) -> tuple[int, int]:
    """Messages of the transactions topic that were rejected, and all of them, of the days first to last."""
    of_topic = pc.field("topic") == topic
    rejected = lake.read(REJECTIONS, ["date"], first, last, where=of_topic).num_rows if lake.exists(REJECTIONS) else 0
    accepted = lake.row_count(TRANSACTIONS, first, last) if lake.exists(TRANSACTIONS) else 0
    return rejected, rejected + accepted
