"""Fitting of the calibration curve on the validation split, and the measures of how well probabilities hold."""

import numpy as np
from scipy.optimize import brentq
from sklearn.isotonic import IsotonicRegression

from fraud_platform.core.arrays import Bools, Days, Floats
from fraud_platform.core.calibration import Calibration
from fraud_platform.core.training.confidence import margin
from fraud_platform.errors import TrainingError

ISOTONIC_MIN_FRAUDS = 50
"""Below this isotonic regression follows single frauds, so that one parameter is fitted instead."""


def calibrate(scores: Floats, labels: Bools) -> Calibration:
    """Curve from raw scores to probabilities, fitted on validation scores (n,) and labels (n,).

    Raises TrainingError where validation has no fraud or nothing but frauds.
    """
    frauds = int(np.count_nonzero(labels))
    if frauds == 0 or frauds == len(labels):
        raise TrainingError(f"calibration needs both classes: validation has {frauds} frauds in {len(labels)} rows")
    return _centred_isotonic(scores, labels) if frauds >= ISOTONIC_MIN_FRAUDS else _prior_shift(scores, frauds)


def _centred_isotonic(scores: Floats, labels: Bools) -> Calibration:
    """Isotonic regression with a knot at the centre of each block (Oron and Flournoy 2017).

    Plain isotonic regression is a staircase: whole ranges of scores get one probability, and
    with it the ranking inside an alert budget is lost. Between block centres the curve rises.
    Each block is first shrunk by one pseudo-row of the base rate, so that no score maps to 0 or 1.
    """
    fitted = IsotonicRegression().fit_transform(scores, labels.astype(float))
    levels, block, sizes = np.unique(fitted, return_inverse=True, return_counts=True)
    shrunk = (levels * sizes + labels.mean()) / (sizes + 1)
    # Small blocks shrink more, so the order may be broken; a second pass pools those.
    pooled = IsotonicRegression().fit_transform(np.arange(len(levels)), shrunk, sample_weight=sizes)
    probabilities, merged = np.unique(pooled, return_inverse=True)
    counts = np.bincount(merged, weights=sizes)
    centres = np.bincount(merged[block], weights=scores) / counts
    return Calibration(*_to_the_ends(centres, probabilities), method="centred isotonic regression")


def _to_the_ends(centres: Floats, probabilities: Floats) -> tuple[Floats, Floats]:
    """Knots with 0 and 1 added, where the outer segments go on straight, as far as [0, 1] allows."""
    x, y = centres, probabilities
    slopes = np.diff(y) / np.diff(x) if len(x) > 1 else np.zeros(1)
    if x[0] > 0:
        x, y = np.insert(x, 0, 0.0), np.insert(y, 0, max(0.0, y[0] - slopes[0] * x[0]))
    if x[-1] < 1:
        x, y = np.append(x, 1.0), np.append(y, min(1.0, y[-1] + slopes[-1] * (1 - x[-1])))
    return x, y


def _prior_shift(scores: Floats, frauds: int) -> Calibration:
    """The odds times one constant, so that the probabilities add up to the frauds seen.

    Resampling multiplies the odds by the ratio of the priors (Elkan 2001), so one parameter undoes it.
    """
    clipped = np.clip(scores, 1e-9, 1 - 1e-9)
    log_odds = np.log(clipped) - np.log1p(-clipped)
    shift = brentq(lambda s: _sigmoid(log_odds + s).sum() - frauds, -60, 60)
    grid = np.linspace(-20, 20, 801)
    x = np.concatenate([[0.0], _sigmoid(grid), [1.0]])
    y = np.concatenate([[0.0], _sigmoid(grid + shift), [1.0]])
    return Calibration(x, y, method="prior shift")


def _sigmoid(log_odds: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-log_odds))


def expected_calibration_error(probabilities: Floats, labels: Bools, bins: int = 10) -> float:
    """Mean gap between probability and fraud rate over bins of equal row count (Naeini et al. 2015).

    Bins of equal width would put nearly every transaction into the first one.
    """
    order = np.argsort(probabilities, kind="stable")
    parts = np.array_split(order, min(bins, len(order)))
    gaps = [abs(probabilities[part].mean() - labels[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(order))


def daily_noise(probabilities: Floats, labels: Bools, days: Days, confidence: float = 0.95) -> float:
    """By how much `probability_ratio` of right probabilities may miss 1, as the days scatter; infinite with one day.

    Half the t interval of the total. Frauds come in runs of a card or a merchant, so their
    number scatters more than independent rows would.
    """
    _, day = np.unique(days, return_inverse=True)
    excess = np.bincount(day, weights=probabilities - labels).astype(float)
    return float(len(excess) * margin(excess, (1 + confidence) / 2) / labels.sum())


def probability_ratio(probabilities: Floats, labels: Bools) -> float:
    """Sum of the probabilities over the number of frauds; 1 where they are right on the whole."""
    return float(probabilities.sum() / np.count_nonzero(labels))
