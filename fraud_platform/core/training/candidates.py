"""The candidate models, declared in one table. To add one, write its fit function and add a line to CANDIDATES.

The main candidate goes into the bundle; the references say what it is worth.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from catboost import CatBoostClassifier, Pool
from imblearn.ensemble import BalancedRandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fraud_platform.core.arrays import Floats
from fraud_platform.core.features.table import FEATURE_NAMES
from fraud_platform.core.training.dataset import DatedRows, TrainRows
from fraud_platform.core.training.params import TrainingParams

PATIENCE_ROUNDS = 50
REFERENCE_MAX_LEGITIMATE = 40_000


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
    """Gradient boosting of at most `epochs` trees, cut at the best average precision on validation.

    Average precision, unlike log-loss, is not moved by the prior that resampling changed.
    """
    classifier = CatBoostClassifier(
        iterations=params.epochs,
        learning_rate=params.learning_rate,
        # On validation only: computed on the train rows too, it makes fitting half as slow again.
        eval_metric="PRAUC:hints=skip_train~true",
        early_stopping_rounds=PATIENCE_ROUNDS,
        random_seed=params.seed,
        allow_writing_files=False,
        verbose=False,
    )
    classifier.fit(_pool(train), eval_set=_pool(validation))
    return FittedModel(classifier)


def fit_logistic_regression(train: TrainRows, validation: DatedRows, params: TrainingParams) -> FittedModel:
    """Logistic regression on standardised features, at most 200 steps of L-BFGS."""
    return _fit_reference(make_pipeline(StandardScaler(), LogisticRegression(max_iter=200)), train, params.seed)


def fit_balanced_forest(train: TrainRows, validation: DatedRows, params: TrainingParams) -> FittedModel:
    """100 trees, each on as many legitimate rows as frauds (Chen, Liaw and Breiman 2004), 12 levels deep."""
    forest = BalancedRandomForestClassifier(
        n_estimators=100,
        max_depth=12,
        sampling_strategy="all",
        replacement=True,
        bootstrap=False,
        n_jobs=-1,
        random_state=params.seed,
    )
    return _fit_reference(forest, train, params.seed)


def fit_neural_network(train: TrainRows, validation: DatedRows, params: TrainingParams) -> FittedModel:
    """One hidden layer of 32 units, at most `epochs` epochs; stops when a random tenth of train stops improving.

    `learning_rate` is a boosting rate, at home near 0.1; Adam is at home near 0.001, so it takes a hundredth of it.
    """
    network = MLPClassifier(
        hidden_layer_sizes=(32,),
        max_iter=params.epochs,
        batch_size=params.batch_size,
        learning_rate_init=params.learning_rate / 100,
        early_stopping=True,
        n_iter_no_change=5,
        random_state=params.seed,
    )
    return _fit_reference(make_pipeline(StandardScaler(), network), train, params.seed)


MAIN = Candidate("catboost", fit_catboost)
REFERENCES = (
    Candidate("logistic_regression", fit_logistic_regression),
    Candidate("balanced_random_forest", fit_balanced_forest),
    Candidate("neural_network", fit_neural_network),
)
CANDIDATES = (MAIN, *REFERENCES)


def _pool(rows: TrainRows | DatedRows) -> Pool:
    features = np.asfortranarray(rows.features, dtype=np.float32)
    return Pool(features, label=rows.labels.astype(np.int8), feature_names=list(FEATURE_NAMES))


def _fit_reference(classifier: Any, train: TrainRows, seed: int) -> FittedModel:
    """Fit on all frauds and at most 40,000 legitimate rows drawn at random, in single precision.

    Leaving out legitimate rows moves the prior only (King and Zeng 2001), which calibration
    moves back. Warnings that a bound was met are silenced: the bounds keep references cheap.
    """
    legitimate = np.flatnonzero(~train.labels)
    if len(legitimate) > REFERENCE_MAX_LEGITIMATE:
        rng = np.random.default_rng(np.random.SeedSequence(seed))
        legitimate = rng.choice(legitimate, REFERENCE_MAX_LEGITIMATE, replace=False)
    rows = np.sort(np.concatenate([np.flatnonzero(train.labels), legitimate]))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=ConvergenceWarning)
        warnings.filterwarnings("ignore", "Got `batch_size` less than 1 or larger than sample size")
        classifier.fit(train.features[rows].astype(np.float32), train.labels[rows])
    return FittedModel(classifier)
