"""What the challenger is held against besides its references, on the same rows: the champion and hand-written rules."""

from dataclasses import dataclass

from fraud_platform.core.arrays import Floats
from fraud_platform.core.model_bundle import ModelBundle
from fraud_platform.core.training.calibrate import calibrate
from fraud_platform.core.training.dataset import Dataset
from fraud_platform.core.training.evaluate import Evaluation, evaluate
from fraud_platform.core.training.params import TrainingParams
from fraud_platform.core.training.rules import rule_scores, rules_for
from fraud_platform.core.training.threshold import Threshold, choose_threshold
from fraud_platform.errors import FeatureSetMismatchError


@dataclass(frozen=True)
class Baseline:
    """One of them, and what it is worth on the test split."""

    name: str
    probabilities: Floats
    """Calibrated, of the test rows."""
    test: Evaluation


def baselines(dataset: Dataset, params: TrainingParams, champion: ModelBundle | None) -> tuple[Baseline, ...]:
    """The champion where there is one that reads these features, and the rule set where they can tell any rule."""
    rules = (_rule_set(dataset, params),) if rules_for(dataset.feature_set.names) else ()
    try:
        reading = champion and champion.reading(dataset.feature_set.features)
    except FeatureSetMismatchError:
        return rules
    return (_champion(dataset, params.alert_budget_per_day, reading), *rules) if reading else rules


def _rule_set(dataset: Dataset, params: TrainingParams) -> Baseline:
    """Its points become probabilities, and get a threshold, on the validation split, as every candidate's scores do."""
    validation, test, names = dataset.validation, dataset.test, dataset.feature_set.names
    scores = rule_scores(validation.features, names)
    calibration = calibrate(scores, validation.labels)
    probabilities = calibration(rule_scores(test.features, names))
    threshold = choose_threshold(
        calibration(scores), validation, params.alert_budget_per_day, None, params.min_alert_probability
    )
    return Baseline("rule_set", probabilities, evaluate(probabilities, test, threshold))


def _champion(dataset: Dataset, alert_budget_per_day: int, champion: ModelBundle) -> Baseline:
    """As it decides now: with its own calibration and threshold, but with the budget of today for its cards."""
    probabilities = champion.score(dataset.test.features)
    threshold = Threshold(champion.threshold, alert_budget_per_day, float("nan"))
    return Baseline("champion", probabilities, evaluate(probabilities, dataset.test, threshold))
