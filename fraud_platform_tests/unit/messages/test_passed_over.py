"""Which offsets are passed over, from the ledger alone, and what is left of a batch around them."""

import pytest

from fraud_platform.messages.passed_over import PassedOver, around, passed_over, within
from fraud_platform.messages.schemas import ScorerEvent


def asked(first: int, end: int, partition: str = "0", **changes: object) -> ScorerEvent:
    fields = {"from_offsets": {partition: first}, "to_offsets": {partition: end}, "by": "ann", "reason": "broken"}
    return ScorerEvent(kind="offsets_passed_over", scorer_id="passing_over", at_ms=1, **(fields | changes))


def started(topic_id: str | None = None, **reached: int) -> ScorerEvent:
    offsets = {p.removeprefix("p"): offset for p, offset in reached.items()}
    return ScorerEvent(kind="started", scorer_id="s", at_ms=2, from_offsets=offsets, topic_id=topic_id)


def ranges(*events: ScorerEvent) -> list[tuple[int, int, int]]:
    return [r[:3] for r in passed_over(events)]


@pytest.mark.parametrize(
    ("events", "in_force"),
    [
        ([asked(5, 7)], []),
        ([asked(5, 7), started(p0=2)], [(0, 5, 7)]),
        ([asked(5, 7), started(p0=2), started(p0=90)], [(0, 5, 7)]),
        ([asked(5, 7), started(p0=6)], [(0, 6, 7)]),
        ([asked(5, 7), started(p0=7)], []),
        ([started(p0=2), asked(5, 7)], []),
        ([asked(5, 7, "1"), started(p0=9)], [(1, 5, 7)]),
        ([asked(5, 7), asked(6, 9), started(p0=0)], [(0, 5, 7), (0, 6, 9)]),
        ([asked(5, 7, to_offsets=None), started(p0=0)], []),
        ([asked(5, 7, "one"), asked(5, 7, "²"), started(p0=0)], []),
        ([asked(7, 5), started(p0=0)], []),
        ([asked(5, 7), started("a", p0=2), started("a", p0=9), started(p0=9)], [(0, 5, 7)]),
        ([asked(5, 7), started(p0=2), started("a", p0=9)], [(0, 5, 7)]),
        ([asked(5, 7), started("a", p0=2), started("b", p0=0), started("b", p0=0)], []),
        ([started("a", p0=2), asked(5, 7), started("b", p0=0)], [(0, 5, 7)]),
    ],
)
def test_the_first_start_after_a_request_settles_it_for_good(events, in_force):
    assert ranges(*events) == in_force


def of(first: int, end: int, partition: int = 0) -> PassedOver:
    return PassedOver(partition, first, end, "ann", "broken")


@pytest.mark.parametrize(
    ("passed", "offsets", "inside", "left"),
    [
        ([], {0: (0, 9)}, [], [{0: (0, 9)}]),
        ([of(3, 5)], {0: (0, 9)}, [(3, 5)], [{0: (0, 3)}, {0: (5, 9)}]),
        ([of(0, 5)], {0: (0, 9)}, [(0, 5)], [{0: (5, 9)}]),
        ([of(5, 99)], {0: (0, 9)}, [(5, 9)], [{0: (0, 5)}]),
        ([of(0, 99)], {0: (5, 9)}, [(5, 9)], []),
        ([of(20, 30)], {0: (0, 9)}, [], [{0: (0, 9)}]),
        ([of(1, 4), of(2, 6)], {0: (0, 9)}, [(1, 4), (4, 6)], [{0: (0, 1)}, {0: (6, 9)}]),
        ([of(1, 8), of(2, 3)], {0: (0, 9)}, [(1, 8)], [{0: (0, 1)}, {0: (8, 9)}]),
        ([of(3, 5)], {0: (0, 9), 1: (4, 6)}, [(3, 5)], [{0: (0, 3), 1: (4, 6)}, {0: (5, 9)}]),
        ([of(3, 5, 7)], {0: (0, 9)}, [], [{0: (0, 9)}]),
        ([of(3, 5)], {0: (4, 4)}, [], []),
    ],
)
def test_a_batch_is_cut_around_what_is_passed_over(passed, offsets, inside, left):
    assert [r[1:3] for r in within(passed, offsets)] == inside
    assert around(passed, offsets) == left
    covered = sorted([*(o for r in within(passed, offsets) for o in range(r.first, r.end) if r.partition == 0)])
    kept = [o for piece in around(passed, offsets) for o in range(*piece.get(0, (0, 0)))]
    assert sorted(covered + kept) == list(range(*offsets[0]))
