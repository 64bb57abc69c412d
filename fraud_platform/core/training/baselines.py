"""What the challenger is held against besides its references, on the same rows: the champion and hand-written rules."""

from dataclasses import dataclass

from fraud_platform.core.arrays import Floats
from fraud_platform.core.features.table import feature_set_hash
from fraud_platform.core.model_bundle import ModelBundle
from fraud_platform.core.training.calibrate import calibrate
from fraud_platform.core.training.dataset import Dataset
from fraud_platform.core.training.evaluate import Evaluation, evaluate
from fraud_platform.core.training.params import TrainingParams
from fraud_platform.core.training.rules import rule_scores
from fraud_platform.core.training.threshold import Threshold, choose_threshold


@dataclass(frozen=True)
class Baseline:
    """One of them, and what it is worth on the test split."""

    name: str
    probabilities: Floats
    """Calibrated, of the test rows."""
    test: Evaluation


def baselines(dataset: Dataset, params: TrainingParams, champion: ModelBundle | None) -> tuple[Baseline, ...]:
    """The rule set, and the champion where there is one that reads the features of today."""
    rules = _rule_set(dataset, params)
    if champion is None or champion.card.feature_set != feature_set_hash():
        return (rules,)
    return (_champion(dataset, params.alert_budget_per_day, champion), rules)


def _rule_set(dataset: Dataset, params: TrainingParams) -> Baseline:
    """Its points become probabilities, and get a threshold, on the validation split, as every candidate's scores do."""
    validation, test = dataset.validation, dataset.test
    scores = rule_scores(validation.features)
    calibration = calibrate(scores, validation.labels)
    probabilities = calibration(rule_scores(test.features))
    threshold = choose_threshold(
        calibration(scores), validation, params.alert_budget_per_day, None, params.min_alert_probability
    )
    return Baseline("rule_set", probabilities, evaluate(probabilities, test, threshold))


def _champion(dataset: Dataset, alert_budget_per_day: int, champion: ModelBundle) -> Baseline:
    """As it decides now: with its own calibration and threshold, but with the budget of today for its cards."""
    probabilities = champion.score(dataset.test.features)
    threshold = Threshold(champion.threshold, alert_budget_per_day, float("nan"))
    return Baseline("champion", probabilities, evaluate(probabilities, dataset.test, threshold))
