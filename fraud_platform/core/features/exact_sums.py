"""Running sums of integers that come out the same to the bit however rows are cut into batches."""

import numpy as np

from fraud_platform.core.arrays import Floats
from fraud_platform.core.features.windows import Int

MOST_ROWS = 2**21
"""Rows of one window, at most, in sums that are kept in one part."""
_HALF_BITS = 32
_HALF = (1 << _HALF_BITS) - 1
_LIMB_BITS = 30
_LIMB = (1 << _LIMB_BITS) - 1


class RunningSum:
    """Sums over any range of rows, as the double nearest to the exact one."""

    def __init__(self, terms: Int, largest: int) -> None:
        """largest: a bound of all terms that the declaration gives, not the rows at hand."""
        is_short = largest * MOST_ROWS < 2**63
        parts = [terms] if is_short else [terms >> _HALF_BITS, terms & _HALF]
        self._parts = [_cumulated(part) for part in parts]

    def between(self, first: Int, end: Int) -> Floats:
        """The sum (q,) of the rows [first, end)."""
        sums = [part[end] - part[first] for part in self._parts]
        if len(sums) == 1:
            return sums[0].astype(np.float64)
        return sums[0] * 2.0**_HALF_BITS + sums[1]


class RunningSquares:
    """Sums of squares over any range of rows, from integer sums alone."""

    def __init__(self, terms: Int, largest: int) -> None:
        """largest: a bound of all terms that the declaration gives; below 2**60."""
        self._weights: tuple[float, ...]
        if largest * largest < 2**63:
            self._weights, products = (1.0,), [terms * terms]
        else:
            size = np.abs(terms)  # the parts of a negative number would cancel out
            high, low = size >> _LIMB_BITS, size & _LIMB
            self._weights = (4.0**_LIMB_BITS, 2.0 * 2.0**_LIMB_BITS, 1.0)
            products = [high * high, high * low, low * low]
        self._halves = [(_cumulated(product >> _HALF_BITS), _cumulated(product & _HALF)) for product in products]

    def between(self, first: Int, end: Int) -> Floats:
        """The sum of the squares (q,) of the rows [first, end)."""
        total = np.zeros(len(first))
        for weight, (high, low) in zip(self._weights, self._halves, strict=True):
            total += weight * ((high[end] - high[first]) * 2.0**_HALF_BITS + (low[end] - low[first]))
        return total


def _cumulated(terms: Int) -> Int:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(terms)))
