"""Prequential evaluation: train as of one day, test on the days that followed, move on, and again.

Source: Dawid 1984, Statistical Theory: The Prequential Approach; for fraud detection Le Borgne
et al., Fraud Detection Handbook, chapter 5.3.
"""

from dataclasses import replace
from datetime import date, timedelta

from fraud_platform.core.training.dataset import Dataset, FeatureRows
from fraud_platform.core.training.evaluate import Evaluation
from fraud_platform.core.training.params import TrainingParams
from fraud_platform.core.training.resample import smote
from fraud_platform.core.training.split import TimeSplit, time_split
from fraud_platform.core.training.train import train_candidates
from fraud_platform.errors import TrainingError


def backtest_splits(
    first_day: date, as_of: date, folds: int, train_days: int | None, params: TrainingParams
) -> list[TimeSplit]:
    """Splits whose test ranges follow each other without a gap, the last one as of the start of `as_of`.

    train_days: length of training, which otherwise begins with the data. Raises
    TrainingError where the data do not reach back far enough for the first fold.
    """
    splits = []
    for back in reversed(range(folds)):
        day = as_of - timedelta(days=back * params.test_days)
        try:
            split = time_split(day, first_day, params.label_delay_days, params.validation_days, params.test_days)
        except TrainingError as error:
            raise TrainingError(f"{folds} folds are too many: {error}") from None
        splits.append(split if train_days is None else _shortened(split, train_days, folds))
    return splits


def run_fold(rows: FeatureRows, split: TimeSplit, params: TrainingParams) -> Evaluation:
    """Train, calibrate and set the threshold as a training run of that day would have done; measures on its test range.

    Raises TrainingError where a split lacks one of the classes.
    """
    train, validation, test = (rows.labelled(part) for part in (split.train, split.validation, split.test))
    categories = rows.feature_set.categories
    resampled = smote(train.features, train.labels, params.smote_ratio, params.seed, categories)
    dataset = Dataset(rows.feature_set, resampled, validation, test)
    alone = replace(params, references=False)
    return train_candidates(dataset, alone, lambda line: None, model_name="backtest", snapshot={}).main.test


def _shortened(split: TimeSplit, train_days: int, folds: int) -> TimeSplit:
    start = split.train.end - timedelta(days=train_days)
    if start < split.train.start:
        raise TrainingError(
            f"a fold that trains up to {split.train.end} has {split.train.days} days, {train_days} are asked for: take "
            f"fewer than {folds} folds, or fewer train days"
        )
    return replace(split, train=replace(split.train, start=start))
