"""How two programs compare that were measured in pairs: the median of the pairs' ratios, with its interval."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

SHARE = 0.90
RESAMPLES = 10_000


class Ratio(NamedTuple):
    """Median over the pairs, and the bounds of its interval of SHARE."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.3f} ({SHARE:.0%} interval {self.low:.3f} to {self.high:.3f})"


def median_ratio(new: Sequence[float], base: Sequence[float], seed: int) -> Ratio:
    """Median of new / base (n,), pair by pair, and its percentile bootstrap interval over the pairs.

    What changes from pair to pair, as a busy neighbour does, strikes both and leaves the
    ratio alone. B. Efron, R. Tibshirani, An Introduction to the Bootstrap (1993), 13.3.
    """
    ratios = np.asarray(new, float) / np.asarray(base, float)
    drawn = np.random.default_rng(seed).integers(len(ratios), size=(RESAMPLES, len(ratios)))
    low, high = np.quantile(np.median(ratios[drawn], axis=1), [(1 - SHARE) / 2, (1 + SHARE) / 2])
    return Ratio(float(np.median(ratios)), float(low), float(high))
