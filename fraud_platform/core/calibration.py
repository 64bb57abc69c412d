"""From a model's raw score to the probability of fraud: a monotone curve stored as knots. Fitting is in training/."""

from dataclasses import dataclass

import numpy as np

from fraud_platform.core.arrays import Floats


@dataclass(frozen=True)
class Calibration:
    """Piecewise linear curve through (scores[i], probabilities[i]); both run from 0 to 1 and never fall."""

    scores: Floats
    probabilities: Floats
    method: str

    def __post_init__(self) -> None:
        x, y = self.scores, self.probabilities
        valid = (
            x.ndim == 1
            and x.shape == y.shape
            and x.size >= 2
            and bool(np.all(np.isfinite(x)) and np.all(np.diff(x) > 0) and np.all(np.diff(y) >= 0))
            and bool(y[0] >= 0 and y[-1] <= 1)
        )
        if not valid:
            raise ValueError(f"calibration of {x.size} knots is not a rising curve within [0, 1]")

    def __call__(self, scores: Floats) -> Floats:
        """Probabilities (n,) of raw scores (n,)."""
        return np.interp(scores, self.scores, self.probabilities)
