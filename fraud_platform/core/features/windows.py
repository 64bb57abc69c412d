"""Vectorised primitives over rows sorted by segment and, within a segment, by clock.

A segment has the rows of one key of the world, say a customer. `key` is a clock that
separates segments: rows of one are apart by their clock difference in ms, rows of
different ones by more than any window.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Int = NDArray[np.int64]
GOLDEN_RATIO = np.uint64(0x9E3779B97F4A7C15)
"""In 64 bits, and odd: its multiples differ in their high bits and in their low ones."""


def segment_starts(sorted_ids: Int) -> Int:
    """Positions at which a new run of equal values begins."""
    if not len(sorted_ids):
        return np.empty(0, np.int64)
    return np.concatenate(([0], np.flatnonzero(sorted_ids[1:] != sorted_ids[:-1]) + 1))


def own_starts(sorted_ids: Int) -> Int:
    """For each row the position at which its run of equal values begins."""
    starts = segment_starts(sorted_ids)
    return np.repeat(starts, np.diff(starts, append=len(sorted_ids)))


def separated_key(segments: Int, times_ms: Int, history_ms: int) -> Int:
    """Key of each row: its segment number times a stride wider than all times and windows, plus its time.

    history_ms: the longest window.

    Raises OverflowError where 64 bits cannot hold it (over 2.8 million keys with
    events a century apart in one call).
    """
    if not len(times_ms):
        return times_ms
    low, high = int(times_ms.min()), int(times_ms.max())
    stride = high - low + history_ms + 1
    if (int(segments[-1]) + 2) * stride >= 2**63:
        raise OverflowError(f"{int(segments[-1]) + 1} keys over {high - low} ms do not fit one kernel call")
    return segments * stride + (times_ms - low)


def possibly_among(values: Int, wanted: Int) -> NDArray[np.bool_]:
    """Which values are among the wanted ones; about one in sixteen of the others is taken for one of them.

    A Bloom filter of one hash: far cheaper than an exact answer where it only spares work.
    values: hashes, well spread in their low bits.
    """
    bits = max(10, int(16 * len(wanted)).bit_length())
    mask = (1 << bits) - 1
    marked = np.zeros(1 << bits, bool)
    marked[wanted & mask] = True
    return marked[values & mask]


def previous_and_next(groups: tuple[Int, ...]) -> tuple[Int, Int]:
    """For each row the position of the previous and of the next row with equal values in all `groups`.

    -1 and n where there is none. Rows are compared in their given order.
    """
    n = len(groups[0])
    order, same = _grouped(groups)
    previous, following = np.full(n, -1, np.int64), np.full(n, n, np.int64)
    previous[order[1:][same]] = order[:-1][same]
    following[order[:-1][same]] = order[1:][same]
    return previous, following


def _grouped(groups: tuple[Int, ...]) -> tuple[Int, NDArray[np.bool_]]:
    """An order (n,) that keeps rows with equal values in all groups together and in theirs, and `_same_as_next` in it.

    Sorts numbers of a hash and, in their low bits, the position: a tenth of the time of a
    stable sort of the groups, which is what remains where two groups' hashes are equal.
    """
    n = len(groups[0])
    position_bits = np.uint64(n.bit_length())
    hashed = np.zeros(n, np.uint64)
    for values in groups:
        hashed = (hashed ^ values.astype(np.uint64)) * GOLDEN_RATIO
    numbers = (hashed >> position_bits << position_bits) | np.arange(n, dtype=np.uint64)
    numbers.sort()
    order = (numbers & ((np.uint64(1) << position_bits) - np.uint64(1))).astype(np.int64)
    together = numbers[1:] >> position_bits == numbers[:-1] >> position_bits
    same = _same_as_next(groups, order)
    if np.array_equal(together, same):
        return order, same
    order = np.lexsort(groups)
    return order, _same_as_next(groups, order)


def _same_as_next(groups: tuple[Int, ...], order: Int) -> NDArray[np.bool_]:
    """Whether each row but the last has the values of the next one, in that order."""
    same = np.ones(max(0, len(order) - 1), bool)
    for values in groups:
        ordered = values[order]
        same &= ordered[1:] == ordered[:-1]
    return same


def distinct_in_window(following: Int, first_outside: Int, counted: NDArray[np.bool_]) -> Int:
    """Distinct values among the rows of each row's trailing window, itself included.

    A row is the window's last one of its value from its own position until the next
    row of that value arrives or until it leaves the window at `first_outside`; so each
    row adds one to a stretch of rows, and a running sum over all stretches is the answer.
    """
    n = len(following)
    steps = np.zeros(n + 1, np.int64)
    steps[:n] = counted
    steps -= np.bincount(np.minimum(following, first_outside)[counted], minlength=n + 1)
    return np.cumsum(steps)[:n]


class RangeMaximum:
    """Maximum over any [first, last] range of a column: a sparse table, two look-ups a query."""

    def __init__(self, values: NDArray[Any], longest: int) -> None:
        self._levels = [values]
        width = 1
        while 2 * width <= longest:
            below = self._levels[-1]
            self._levels.append(np.maximum(below[:-width], below[width:]))
            width *= 2

    def __call__(self, first: Int, last: Int) -> NDArray[Any]:
        level = np.frexp((last - first + 1).astype(np.float64))[1] - 1
        result = np.empty(len(first), self._levels[0].dtype)
        for i, table in enumerate(self._levels):
            rows = np.flatnonzero(level == i)
            result[rows] = np.maximum(table[first[rows]], table[last[rows] - (1 << i) + 1])
        return result
