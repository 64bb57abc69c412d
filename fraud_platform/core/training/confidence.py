"""What chance may add to a mean: Student's t."""

import numpy as np
from scipy.special import stdtrit

from fraud_platform.core.arrays import Floats


def margin(values: Floats, level: float) -> float:
    """The t quantile at `level` times the standard error of the mean of values (n,); infinite below two.

    0.95 bounds the mean on one side, 0.975 on both sides with 95 % confidence.
    """
    if len(values) < 2:
        return float("inf")
    return float(stdtrit(len(values) - 1, level) * np.std(values, ddof=1) / np.sqrt(len(values)))
