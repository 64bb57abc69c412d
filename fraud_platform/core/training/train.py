"""One training run: fit the candidates, calibrate and set thresholds on validation, judge on test, pack the main one.

The only entry point that an asset needs; everything it does is in the modules beside it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np

from fraud_platform.core.arrays import Floats
from fraud_platform.core.calibration import Calibration
from fraud_platform.core.features.feature_set import FeatureSet
from fraud_platform.core.model_bundle import BundleCard, ModelBundle
from fraud_platform.core.monitoring.reference import DriftReference, drift_reference
from fraud_platform.core.training.calibrate import calibrate
from fraud_platform.core.training.candidates import CANDIDATES, MAIN, Candidate, FittedModel
from fraud_platform.core.training.category_codes import CategoryCodes
from fraud_platform.core.training.dataset import Dataset, DatedRows
from fraud_platform.core.training.evaluate import Evaluation, evaluate
from fraud_platform.core.training.params import TrainingParams
from fraud_platform.core.training.search import SearchTrial, search
from fraud_platform.core.training.threshold import Threshold, choose_threshold

REFERENCE_FRAUDS, REFERENCE_ROWS = 64, 256
LIBRARIES = ("catboost", "imbalanced-learn", "numpy", "scikit-learn")


@dataclass(frozen=True)
class TrainedModel:
    """A candidate that can decide, and what its decisions are worth."""

    name: str
    model: FittedModel
    codes: CategoryCodes
    calibration: Calibration
    threshold: Threshold
    validation: Evaluation
    """Optimistic: early stopping, calibration and threshold have seen these rows."""
    test: Evaluation

    def score(self, features: Floats) -> Floats:
        """Calibrated probabilities (n,) of feature rows (n, F)."""
        return self.calibration(self.model.predict_proba(self.codes.coded(features)))


@dataclass(frozen=True)
class TrainedModels:
    """All candidates of a run, the main one first, and the main one's bundle."""

    candidates: tuple[TrainedModel, ...]
    bundle: ModelBundle
    params: TrainingParams
    """With what a search found."""

    @property
    def main(self) -> TrainedModel:
        return self.candidates[0]


def train_candidates(
    dataset: Dataset,
    params: TrainingParams,
    on_progress: Callable[[str], None],
    *,
    model_name: str,
    snapshot: dict[str, Any],
    on_trial: Callable[[SearchTrial], None] = lambda trial: None,
) -> TrainedModels:
    """Train, calibrate and evaluate the candidates; the same dataset and parameters give the same scores.

    `on_progress` gets one line before and after each candidate, and one for each trial of a
    search, which `on_trial` gets as well. `snapshot` names the offset ranges and table
    versions behind the dataset and goes into the bundle. Raises TrainingError where a split
    lacks one of the classes.
    """
    dataset.require_both_classes()
    reference = _reference_rows(dataset.test, params.seed)
    real = dataset.train.features[~dataset.train.synthetic]
    codes = CategoryCodes.learnt(real, dataset.feature_set.categories)
    dataset, given = dataset.coded(codes), dataset
    if params.search_trials:
        params = _searched(dataset, params, on_progress, on_trial)
    trained = []
    for candidate in CANDIDATES if params.references else (MAIN,):
        on_progress(f"{candidate.name}: fitting on {len(dataset.train.labels):,} rows")
        model = _train(candidate, dataset, params, codes)
        on_progress(f"{candidate.name}: average precision {model.test.average_precision:.4f} on test")
        trained.append(model)
    drift = _drift_reference(trained[0], given, dataset)
    bundle = _pack(trained, dataset.feature_set, reference, drift, params, model_name, snapshot)
    return TrainedModels(tuple(trained), bundle, params)


def _searched(
    dataset: Dataset,
    params: TrainingParams,
    on_progress: Callable[[str], None],
    on_trial: Callable[[SearchTrial], None],
) -> TrainingParams:
    def tell(trial: SearchTrial) -> None:
        outcome = "given up at" if trial.pruned else "reached"
        on_progress(
            f"search: trial {trial.number} of {params.search_trials} {outcome} average precision "
            f"{trial.average_precision:.4f} on validation"
        )
        on_trial(trial)

    found = search(dataset.train, dataset.validation.judged, params.boosting, params.search_trials, params.seed, tell)
    return replace(params, found=found)


def _train(candidate: Candidate, dataset: Dataset, params: TrainingParams, codes: CategoryCodes) -> TrainedModel:
    """dataset: coded already."""
    model = candidate.fit(dataset.train, dataset.validation.judged, params)
    raw = model.predict_proba(dataset.validation.features)
    calibration = calibrate(raw, dataset.validation.labels)
    probabilities = calibration(raw)
    threshold = choose_threshold(
        probabilities,
        dataset.validation,
        params.alert_budget_per_day,
        params.review_cost,
        params.min_alert_probability,
    )
    return TrainedModel(
        name=candidate.name,
        model=model,
        codes=codes,
        calibration=calibration,
        threshold=threshold,
        validation=evaluate(probabilities, dataset.validation, threshold),
        test=evaluate(calibration(model.predict_proba(dataset.test.features)), dataset.test, threshold),
    )


def _pack(
    trained: Sequence[TrainedModel],
    feature_set: FeatureSet,
    reference: Floats,
    drift: DriftReference,
    params: TrainingParams,
    model_name: str,
    snapshot: dict[str, Any],
) -> ModelBundle:
    """The first model's bundle."""
    main = trained[0]
    validation = {f"validation_{name}": value for name, value in main.validation.metrics().items()}
    card = BundleCard(
        model_name=model_name,
        features=list(feature_set.features),
        feature_set=feature_set.hash,
        categories=main.codes.by_name(feature_set.names),
        calibration_method=main.calibration.method,
        calibration_scores=main.calibration.scores.tolist(),
        calibration_probabilities=main.calibration.probabilities.tolist(),
        threshold=main.threshold.value,
        threshold_chosen_by=main.threshold.chosen_by,
        alert_budget_per_day=main.threshold.alert_budget_per_day,
        snapshot=snapshot,
        metrics={**validation, **{f"test_{name}": value for name, value in main.test.metrics().items()}},
        rankings={model.name: model.test.ranking() for model in trained},
        drift_reference=drift,
        seed=params.seed,
        libraries={name: version(name) for name in LIBRARIES},
    )
    main.model.classifier.set_feature_names(list(feature_set.names))
    return ModelBundle.build(card, main.model.classifier, reference)


def _drift_reference(main: TrainedModel, given: Dataset, coded: Dataset) -> DriftReference:
    """Of validation and test as the scorer would see them: all rows, none of them synthetic.

    coded: the same dataset with codes in the place of categories.
    """
    probabilities = np.concatenate(
        [main.calibration(main.model.predict_proba(part.features)) for part in (coded.validation, coded.test)]
    )
    return drift_reference(
        given.feature_set.features,
        [given.validation.features, given.test.features],
        [coded.validation.features, coded.test.features],
        given.feature_set.categories,
        np.concatenate([given.validation.days, given.test.days]),
        probabilities,
        probabilities >= main.threshold.value,
    )


def _reference_rows(test: DatedRows, seed: int) -> Floats:
    """Up to 64 frauds and 192 legitimate rows of the test split, drawn at random."""
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    frauds, legitimate = np.flatnonzero(test.labels), np.flatnonzero(~test.labels)
    some = rng.permutation(frauds)[:REFERENCE_FRAUDS]
    others = rng.permutation(legitimate)[: REFERENCE_ROWS - len(some)]
    return test.features[np.concatenate([some, others])]
