"""The clock of each key, such as a customer, and its duplicates: what arrival order alone decides.

A clock never goes back: a late event counts at the newest time already seen. An id seen
again while its first event lies within the history window is a duplicate: it moves no
clock and changes no feature.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fraud_platform.core.features.windows import Int, possibly_among, segment_starts, separated_key

ROUNDS = 8
"""More than keys need whose clocks are right, and few enough that a chain made on purpose costs little more."""


def clocks_and_duplicates(
    segments: Int, times_ms: Int, transactions: Int, new: NDArray[np.bool_], history_ms: int
) -> tuple[Int, NDArray[np.bool_]]:
    """Clock of each row in ms, and which rows are duplicates.

    Rows are sorted by segment and within it by arrival. Those that are not
    `new` were kept by a former call, with their clock as time. Clock and duplicates
    depend on each other. Iterating to the fixed point ends after one or two rounds in
    practice, in the one answer that taking the rows one by one would give; where repeats
    hang on one another in a chain, a round settles one link, so that the rows of those keys
    are taken one by one after ROUNDS of them.
    """
    repeated = np.flatnonzero(possibly_among(transactions, transactions[new]))
    pairs = pd.DataFrame({"s": segments[repeated], "t": transactions[repeated]})
    repeated = repeated[pairs.duplicated(keep=False).to_numpy()]
    duplicate = np.zeros(len(times_ms), bool)
    clock = _running_clock(segments, times_ms, duplicate, history_ms)
    if not len(repeated):
        return clock, duplicate
    repeated = repeated[np.lexsort((transactions[repeated], segments[repeated]))]
    group = np.zeros(len(repeated), np.int64)
    group[segment_starts_of_pairs(segments[repeated], transactions[repeated])[1:]] = 1
    group = np.cumsum(group)
    for _ in range(ROUNDS):
        found = np.zeros_like(duplicate)
        found[repeated] = _repeats(group, np.maximum(clock[repeated], times_ms[repeated]), history_ms)
        changed = np.flatnonzero(found != duplicate)
        if not len(changed):
            return clock, duplicate
        duplicate = found
        clock = _running_clock(segments, times_ms, duplicate, history_ms)
    for segment in np.unique(segments[changed]):
        rows = slice(*np.searchsorted(segments, [segment, segment + 1]))
        clock[rows], duplicate[rows] = _one_by_one(times_ms[rows].tolist(), transactions[rows].tolist(), history_ms)
    return clock, duplicate


def segment_starts_of_pairs(first: Int, second: Int) -> Int:
    """Positions at which a new run of equal pairs begins."""
    return np.union1d(segment_starts(first), segment_starts(second))


def _running_clock(segments: Int, times_ms: Int, duplicate: NDArray[np.bool_], history_ms: int) -> Int:
    key = separated_key(segments, times_ms, history_ms)
    offset = key - times_ms
    moving = np.where(duplicate, segments * 0 + offset + times_ms.min(initial=0), key)
    return np.maximum.accumulate(moving) - offset


def _repeats(group: Int, clock: Int, history_ms: int) -> NDArray[np.bool_]:
    """Which rows repeat one of their group that is kept and less than the history window older.

    Rows are sorted by group and arrival. One round a link in the longest chain of
    repeats that are each a window apart.
    """
    key = separated_key(group, clock, history_ms)
    repeat = np.ones(len(group), bool)
    anchors = segment_starts(group)
    while len(anchors):
        repeat[anchors] = False
        following = np.searchsorted(key, key[anchors] + history_ms, side="left")
        inside = following < len(key)
        anchors, following = anchors[inside], following[inside]
        anchors = following[group[following] == group[anchors]]
    return repeat


def _one_by_one(times_ms: list[int], transactions: list[int], history_ms: int) -> tuple[list[int], list[bool]]:
    """Clock and duplicates of the rows of one key: the plain reading, in linear time."""
    kept_ms: dict[int, int] = {}
    clock, clocks, duplicate = times_ms[0], [], []
    for time_ms, transaction in zip(times_ms, transactions, strict=True):
        at_ms = max(clock, time_ms)
        is_repeat = transaction in kept_ms and at_ms < kept_ms[transaction] + history_ms
        if not is_repeat:
            clock = kept_ms[transaction] = at_ms
        clocks.append(clock)
        duplicate.append(is_repeat)
    return clocks, duplicate
