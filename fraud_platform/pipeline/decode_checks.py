"""What became of the messages of a topic's days: accepted or rejected."""

from datetime import date
from typing import NamedTuple

from fraud_platform.messages.declared.envelope import DELETION
from fraud_platform.pipeline.decode import SOURCES
from fraud_platform.pipeline.ingest import topic_of
from fraud_platform.pipeline.rejections import Rejections, rejections_of
from fraud_platform.settings import Settings
from fraud_platform.storage.lake import Lake, Table


class Decoded(NamedTuple):
    """Messages of some days, the accepted rows that came of them, and why the others were rejected, most first."""

    messages: int
    accepted: int
    rejections: list[Rejections]

    @property
    def rejected(self) -> int:
        return sum(r.messages for r in self.rejections if r.reason != DELETION)

    @property
    def deletions(self) -> int:
        """Messages that say a row is gone, of change data capture."""
        return sum(r.messages for r in self.rejections if r.reason == DELETION)


def decoded(settings: Settings, lake: Lake, table: Table, first: date, last: date) -> Decoded:
    """Of a table of accepted messages, for the days first to last, both included."""
    raw = SOURCES[table].raw
    messages, accepted = (lake.row_count(name, first, last) for name in (raw, table))
    return Decoded(messages, accepted, rejections_of(lake, first, last, topic_of(settings, raw)))
