"""SMOTE on the train split: synthetic frauds between real ones (Chawla et al. 2002), by imbalanced-learn."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC
from sklearn.preprocessing import StandardScaler

from fraud_platform.core.arrays import Bools, Floats
from fraud_platform.core.training.dataset import TrainRows
from fraud_platform.errors import TrainingError

NEIGHBOURS = 5


def smote(features: Floats, labels: Bools, ratio: float, seed: int, categories: Sequence[int] = ()) -> TrainRows:
    """Train rows with at least `ratio` frauds per legitimate row: the real ones first, unchanged, then synthetic ones.

    0 switches resampling off, and a ratio that the rows already have changes nothing.
    Neighbours are searched in standardised features, because a distance between
    currencies and counts means nothing. Columns of categories get the value that most of a
    fraud's neighbours have (SMOTE-NC, of the same source). Raises TrainingError with fewer than 2 frauds.
    """
    frauds = int(np.count_nonzero(labels))
    wanted = int(ratio * (len(labels) - frauds))
    if wanted <= frauds:
        return TrainRows(features, labels.astype(bool), np.zeros(len(labels), dtype=bool))
    if frauds < 2:
        raise TrainingError(
            f"SMOTE interpolates between frauds, and train has {frauds}: take a longer period, or set SMOTE_RATIO=0"
        )
    chosen = {"sampling_strategy": {1: wanted}, "k_neighbors": min(NEIGHBOURS, frauds - 1), "random_state": seed}
    sampler = _sampler(features.shape[1], categories, chosen)
    scaler = StandardScaler().fit(features)
    prepared = scaler.transform(features)
    known = [np.unique(features[:, column], return_inverse=True) for column in categories]
    for column, (_, codes) in zip(categories, known, strict=True):
        prepared[:, column] = codes
    resampled, _ = sampler.fit_resample(prepared, labels.astype(np.int8))
    made = resampled[len(labels) :]
    synthetic = _to_valid_values(scaler.inverse_transform(made), features)
    for column, (values, _) in zip(categories, known, strict=True):
        synthetic[:, column] = values[made[:, column].astype(int)]
    return TrainRows(
        np.vstack([features, synthetic]),
        np.concatenate([labels.astype(bool), np.ones(len(synthetic), dtype=bool)]),
        np.arange(len(labels) + len(synthetic)) >= len(labels),
    )


def _sampler(columns: int, categories: Sequence[int], chosen: dict[str, Any]) -> SMOTE | SMOTEN | SMOTENC:
    if len(categories) == columns:
        return SMOTEN(**chosen)
    return SMOTENC(categorical_features=list(categories), **chosen) if categories else SMOTE(**chosen)


def _to_valid_values(synthetic: Floats, real: Floats) -> Floats:
    """Round interpolated values that no real row could have.

    A feature that is whole in every real row (a count, an hour, a flag) stays whole: for a
    flag that is the value of the nearer parent. Where -1 stands for "nothing known", so no
    real value lies between -1 and 0, neither does a synthetic one. Ties between features
    (a mean is a sum over a count) hold only approximately in synthetic rows.
    """
    whole = np.all(real == np.round(real), axis=0)
    unknown_below_zero = ~np.any((real > -1) & (real < 0), axis=0)
    round_here = whole | (unknown_below_zero & (synthetic > -1) & (synthetic < 0))
    # The way back from standardised values may leave the last bit outside what was ever seen.
    return np.clip(np.where(round_here, np.round(synthetic), synthetic), real.min(axis=0), real.max(axis=0))
