"""Offsets that a person had the scorer pass over, since nothing can read them. Pure, from the events of the ledger."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from fraud_platform.messages.schemas import ScorerEvent

KIND: Final = "offsets_passed_over"


class PassedOver(NamedTuple):
    """Offsets [first, end) of a partition of the transactions topic, and who passed over them and why."""

    partition: int
    first: int
    end: int
    by: str
    reason: str

    @property
    def words(self) -> str:
        """Reason of the dead letters."""
        return f"passed over by {self.by}: {self.reason}"


def passed_over(events: Iterable[ScorerEvent]) -> list[PassedOver]:
    """The ranges in force, from all events, oldest first.

    The first start after a request settles it, for all that follow: what had its output by
    then was not passed over. Requests that no scorer has started after are not in force. Nor
    are those of a topic that was deleted: the one created anew has other messages there.
    """
    asked: list[PassedOver] = []
    settled: list[PassedOver] = []
    topic_id: str | None = None
    for event in events:
        if event.kind == KIND:
            asked += _ranges(event)
        elif event.kind == "started":
            if topic_id is not None and event.topic_id not in (None, topic_id):
                settled = []
            topic_id = event.topic_id or topic_id
            reached = _numbers(event.from_offsets)
            settled += [r._replace(first=max(r.first, reached.get(r.partition, r.first))) for r in asked]
            asked = []
    return [r for r in settled if r.first < r.end]


def _ranges(event: ScorerEvent) -> list[PassedOver]:
    ends = _numbers(event.to_offsets)
    starts = _numbers(event.from_offsets)
    return [
        PassedOver(p, first, ends[p], event.by or "somebody", event.reason or "")
        for p, first in starts.items()
        if p in ends
    ]


def _numbers(offsets: Mapping[str, int] | None) -> dict[int, int]:
    return {int(p): offset for p, offset in (offsets or {}).items() if p.isascii() and p.isdecimal()}


def within(passed: Sequence[PassedOver], offsets: Mapping[int, tuple[int, int]]) -> list[PassedOver]:
    """The parts of the ranges that lie in the offset ranges, by place and without overlaps."""
    found: list[PassedOver] = []
    for r in sorted(passed):
        first, end = offsets.get(r.partition, (0, 0))
        if found and found[-1].partition == r.partition:
            first = max(first, found[-1].end)
        part = r._replace(first=max(r.first, first), end=min(r.end, end))
        if part.first < part.end:
            found.append(part)
    return found


def around(passed: Sequence[PassedOver], offsets: Mapping[int, tuple[int, int]]) -> list[dict[int, tuple[int, int]]]:
    """What is left of the offset ranges, in as few groups as there are pieces of a partition, none of them empty."""
    pieces: dict[int, list[tuple[int, int]]] = {}
    for partition, (first, end) in offsets.items():
        position = first
        pieces[partition] = []
        for r in (r for r in within(passed, offsets) if r.partition == partition):
            pieces[partition].append((position, r.first))
            position = r.end
        pieces[partition].append((position, end))
        pieces[partition] = [piece for piece in pieces[partition] if piece[0] < piece[1]]
    groups = max(map(len, pieces.values()), default=0)
    return [{p: own[i] for p, own in pieces.items() if i < len(own)} for i in range(groups)]
