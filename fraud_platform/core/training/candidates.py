"""The candidate models, declared in one table. To add one, write its fit function and add a line to CANDIDATES.

The main candidate goes into the bundle; the references say what it is worth.
"""

import warnings
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
from catboost import CatBoostClassifier, Pool
from imblearn.ensemble import BalancedRandomForestClassifier
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from fraud_platform.core.arrays import Bools, Floats
from fraud_platform.core.training.dataset import DatedRows, TrainRows
from fraud_platform.core.training.params import Boosting, TrainingParams

PATIENCE_ROUNDS = 50
PATIENCE_EPOCHS = 5
REFERENCE_MAX_LEGITIMATE = 20_000


@dataclass(frozen=True)
class FittedModel:
    """A fitted candidate, whatever library it comes from."""

    classifier: Any

    def predict_proba(self, features: Floats) -> Floats:
        """Uncalibrated fraud scores in [0, 1], shape (n,), of feature rows (n, F)."""
        return self.classifier.predict_proba(features.astype(np.float32))[:, 1].astype(np.float64)


@dataclass(frozen=True)
class Candidate:
    """A name and `fit(train, validation, params)`; validation is for early stopping only."""

    name: str
    fit: Callable[[TrainRows, DatedRows, TrainingParams], FittedModel]


def fit_catboost(train: TrainRows, validation: DatedRows, params: TrainingParams) -> FittedModel:
    """Gradient boosting of at most `epochs` trees, cut at the best average precision on validation."""
    return boost(train, params.boosting, params.seed, validation)


def boost(
    train: TrainRows | DatedRows, boosting: Boosting, seed: int, validation: DatedRows | None = None
) -> FittedModel:
    """Gradient boosting; with validation rows cut where their average precision is best.

    Average precision, unlike log-loss, is not moved by the prior that resampling changed.
    """
    classifier = boosted(boosting, seed, early_stopping=validation is not None)
    classifier.fit(rows_pool(train), eval_set=rows_pool(validation) if validation else None)
    return FittedModel(classifier)


def boosted(boosting: Boosting, seed: int, early_stopping: bool) -> CatBoostClassifier:
    """A classifier to be fitted."""
    return CatBoostClassifier(
        iterations=boosting.rounds,
        learning_rate=boosting.learning_rate,
        depth=boosting.depth,
        l2_leaf_reg=boosting.leaf_regularisation,
        scale_pos_weight=boosting.fraud_weight,
        # On validation only: computed on the train rows too, it makes fitting half as slow again.
        eval_metric="PRAUC:use_weights=false;hints=skip_train~true",
        early_stopping_rounds=PATIENCE_ROUNDS if early_stopping else None,
        random_seed=seed,
        allow_writing_files=False,
        verbose=False,
    )


def rows_pool(rows: TrainRows | DatedRows) -> Pool:
    """Rows as CatBoost reads them."""
    features = np.asfortranarray(rows.features, dtype=np.float32)
    return Pool(features, label=rows.labels.astype(np.int8))


def fit_logistic_regression(train: TrainRows, validation: DatedRows, params: TrainingParams) -> FittedModel:
    """Logistic regression on standardised features, at most 200 steps of L-BFGS."""
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200))
    features, labels = _reference_rows(train, params.seed)
    with warnings.catch_warnings():
        # The bound is there to keep a reference cheap; meeting it is no news.
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier.fit(features, labels)
    return FittedModel(classifier)


def fit_balanced_forest(train: TrainRows, validation: DatedRows, params: TrainingParams) -> FittedModel:
    """50 trees, each on as many legitimate rows as frauds (Chen, Liaw and Breiman 2004), 12 levels deep."""
    forest = BalancedRandomForestClassifier(
        n_estimators=50,
        max_depth=12,
        sampling_strategy="all",
        replacement=True,
        bootstrap=False,
        n_jobs=-1,
        random_state=params.seed,
    )
    forest.fit(*_reference_rows(train, params.seed))
    # Threads add up the trees' votes in whatever order they finish, which moves the last bit of a score.
    forest.n_jobs = 1
    return FittedModel(forest)


def fit_neural_network(train: TrainRows, validation: DatedRows, params: TrainingParams) -> FittedModel:
    """One hidden layer of 32 units, at most `epochs` epochs, cut at the best average precision on validation.

    `learning_rate` is a boosting rate, at home near 0.1. Adam, at home near 0.001 with batches of 200 rows,
    takes a tenth of it: batches here are of thousands.
    """
    features, labels = _reference_rows(train, params.seed)
    scaler = StandardScaler().fit(features)
    network = MLPClassifier(
        hidden_layer_sizes=(32,),
        batch_size=min(params.batch_size, len(labels)),
        learning_rate_init=params.learning_rate / 10,
        random_state=params.seed,
    )
    features = scaler.transform(features)
    held_out = scaler.transform(validation.features.astype(np.float32))
    best, best_precision, best_epoch = network, -1.0, 0
    # The matrices are too small for BLAS threads, which would spend most of the time waiting for each other.
    with threadpool_limits(1, "blas"):
        for epoch in range(params.epochs):
            network.partial_fit(features, labels, classes=[False, True])
            precision = average_precision_score(validation.labels, network.predict_proba(held_out)[:, 1])
            if precision > best_precision:
                best, best_precision, best_epoch = deepcopy(network), precision, epoch
            elif epoch - best_epoch >= PATIENCE_EPOCHS:
                break
    return FittedModel(make_pipeline(scaler, best))


MAIN = Candidate("catboost", fit_catboost)
REFERENCES = (
    Candidate("logistic_regression", fit_logistic_regression),
    Candidate("balanced_random_forest", fit_balanced_forest),
    Candidate("neural_network", fit_neural_network),
)
CANDIDATES = (MAIN, *REFERENCES)


def _reference_rows(train: TrainRows, seed: int) -> tuple[NDArray[np.float32], Bools]:
    """All frauds and at most 20,000 legitimate rows drawn at random, in single precision: references stay cheap.

    Leaving out legitimate rows moves the prior only (King and Zeng 2001), which calibration moves back.
    """
    rows = thinned(train.labels, REFERENCE_MAX_LEGITIMATE, seed)
    return train.features[rows].astype(np.float32), train.labels[rows]


def thinned(labels: Bools, most_legitimate: int, seed: int) -> NDArray[np.int64]:
    """Numbers, in order, of all frauds and of at most so many legitimate rows, drawn at random."""
    legitimate = np.flatnonzero(~labels)
    if len(legitimate) > most_legitimate:
        rng = np.random.default_rng(np.random.SeedSequence(seed))
        legitimate = rng.choice(legitimate, most_legitimate, replace=False)
    return np.sort(np.concatenate([np.flatnonzero(labels), legitimate]))
