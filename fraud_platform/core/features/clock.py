"""A customer's clock and its duplicates: what arrival order alone decides.

A clock never goes back: a late event counts at the newest time already seen. An id seen
again while its first event lies within the history window is a duplicate: it moves no
clock and changes no feature.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fraud_platform.core.features.windows import HISTORY_MS, Int, possibly_among, segment_starts, separated_key


def clocks_and_duplicates(
    segments: Int, times_ms: Int, transactions: Int, new: NDArray[np.bool_]
) -> tuple[Int, NDArray[np.bool_]]:
    """Clock of each row in ms, and which rows are duplicates.

    Rows are sorted by segment (customer) and within it by arrival. Those that are not
    `new` were kept by a former call, with their clock as time. Clock and duplicates
    depend on each other; iterating to the fixed point settles at least one more row a
    round, so it ends, after one or two rounds in practice, in the one answer that
    taking the rows one by one would give.
    """
    repeated = np.flatnonzero(possibly_among(transactions, transactions[new]))
    pairs = pd.DataFrame({"s": segments[repeated], "t": transactions[repeated]})
    repeated = repeated[pairs.duplicated(keep=False).to_numpy()]
    duplicate = np.zeros(len(times_ms), bool)
    clock = _running_clock(segments, times_ms, duplicate)
    if not len(repeated):
        return clock, duplicate
    repeated = repeated[np.lexsort((transactions[repeated], segments[repeated]))]
    group = np.zeros(len(repeated), np.int64)
    group[segment_starts_of_pairs(segments[repeated], transactions[repeated])[1:]] = 1
    group = np.cumsum(group)
    while True:
        found = np.zeros_like(duplicate)
        found[repeated] = _repeats(group, np.maximum(clock[repeated], times_ms[repeated]))
        if np.array_equal(found, duplicate):
            return clock, duplicate
        duplicate = found
        clock = _running_clock(segments, times_ms, duplicate)


def segment_starts_of_pairs(first: Int, second: Int) -> Int:
    """Positions at which a new run of equal pairs begins."""
    return np.union1d(segment_starts(first), segment_starts(second))


def _running_clock(segments: Int, times_ms: Int, duplicate: NDArray[np.bool_]) -> Int:
    key = separated_key(segments, times_ms)
    offset = key - times_ms
    moving = np.where(duplicate, segments * 0 + offset + times_ms.min(initial=0), key)
    return np.maximum.accumulate(moving) - offset


def _repeats(group: Int, clock: Int) -> NDArray[np.bool_]:
    """Which rows repeat one of their group that is kept and less than the history window older.

    Rows are sorted by group and arrival. One round a link in the longest chain of
    repeats that are each a window apart.
    """
    key = separated_key(group, clock)
    repeat = np.ones(len(group), bool)
    anchors = segment_starts(group)
    while len(anchors):
        repeat[anchors] = False
        following = np.searchsorted(key, key[anchors] + HISTORY_MS, side="left")
        inside = following < len(key)
        anchors, following = anchors[inside], following[inside]
        anchors = following[group[following] == group[anchors]]
    return repeat
