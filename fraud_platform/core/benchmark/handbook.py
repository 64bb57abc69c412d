"""One fold of the handbook: fit and calibrate across blocks of days, judge on the test week."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import numpy as np

from fraud_platform.core.arrays import Bools, Floats
from fraud_platform.core.benchmark.folds import DELAY_DAYS, WEEK_DAYS, Fold
from fraud_platform.core.training.calibrate import calibrate
from fraud_platform.core.training.candidates import FittedModel, boost
from fraud_platform.core.training.dataset import DatedRows
from fraud_platform.core.training.evaluate import Evaluation, evaluate
from fraud_platform.core.training.params import Boosting
from fraud_platform.core.training.resample import smote
from fraud_platform.core.training.threshold import Threshold, threshold_for_budget
from fraud_platform.errors import TrainingError

CARDS_PER_DAY = 100
BOOSTING = Boosting(rounds=200, learning_rate=0.05)
"""Chosen on folds that start in May and early June 2018."""
BLOCKS = 4
"""Of days; each is scored by a model of the others."""

Fit = Callable[[Bools], FittedModel]


class FoldScores(NamedTuple):
    """What a fold's model says of its test rows, from nothing that the future told."""

    test: Bools
    """Mask (n,) of the test rows."""
    probabilities: Floats
    """Calibrated, of the test rows."""
    threshold: Threshold


def evaluate_fold(rows: DatedRows, fold: Fold, smote_ratio: float, seed: int) -> Evaluation:
    """Measures on the fold's test week of a model fitted on its training days; raises as `score_fold`."""
    scored = score_fold(rows, fold, smote_ratio, seed)
    return evaluate(scored.probabilities, rows.select(scored.test), scored.threshold)


def score_fold(rows: DatedRows, fold: Fold, smote_ratio: float, seed: int) -> FoldScores:
    """Fit and calibrate on the training days, score the test week; the same rows, fold and seed give the same scores.

    Raises TrainingError where the data do not reach over the fold, or hold too few frauds.
    """

    def fit(chosen: Bools) -> FittedModel:
        return boost(smote(rows.features[chosen], rows.labels[chosen], smote_ratio, seed), BOOSTING, seed)

    train, test = fold.train_rows(rows), fold.test_rows(rows)
    if not (rows.labels[train].any() and rows.labels[test].any()):
        raise TrainingError(
            f"fold {fold.start} needs frauds from {fold.train_start} to before {fold.test_end}, "
            f"and the data reach from {rows.days.min()} to {rows.days.max()}: take other folds"
        )
    like_test = train & _as_if_tested(rows, fold)
    models, held_out = _cross_fitted(rows, train, fit)
    calibration = calibrate(held_out[like_test], rows.labels[like_test])
    days = len(np.unique(rows.days[like_test]))
    threshold = threshold_for_budget(calibration(held_out[like_test]), days, CARDS_PER_DAY)
    scores = [calibration(model.predict_proba(rows.features[test])) for model in models]
    return FoldScores(test, np.mean(scores, axis=0), threshold)


def _cross_fitted(rows: DatedRows, train: Bools, fit: Fit) -> tuple[list[FittedModel], Floats]:
    """A model without each block of days, and the scores (n,) that it gives to the block.

    All training days calibrate, where a held-out week would hold too few frauds to say
    within a tenth how many there are. The models that gave the scores are the ones that
    decide: one fitted on all days is surer than they are, and its probabilities add up to
    some per cent too many frauds.
    """
    models, scores = [], np.zeros(len(train))
    for block in np.array_split(np.unique(rows.days[train]), BLOCKS):
        inside = train & np.isin(rows.days, block)
        models.append(fit(train & ~inside))
        scores[inside] = models[-1].predict_proba(rows.features[inside])
    return models, scores


def _as_if_tested(rows: DatedRows, fold: Fold) -> Bools:
    """Mask (n,) of the training weeks' rows that would be left if each week were a test week."""
    chosen = np.zeros(len(rows.labels), bool)
    week = fold.start
    while week + timedelta(days=WEEK_DAYS) > fold.train_start:
        chosen |= Fold(week - timedelta(days=WEEK_DAYS + DELAY_DAYS)).test_rows(rows)
        week -= timedelta(days=WEEK_DAYS)
    return chosen
