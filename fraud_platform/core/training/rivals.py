"""What the challenger is held against besides its references, on the same rows: the champion and hand-written rules."""

from dataclasses import dataclass

from fraud_platform.core.arrays import Floats
from fraud_platform.core.features.table import feature_set_hash
from fraud_platform.core.scoring import ModelBundle
from fraud_platform.core.training.calibrate import calibrate
from fraud_platform.core.training.dataset import Dataset
from fraud_platform.core.training.evaluate import Evaluation, evaluate
from fraud_platform.core.training.rules import rule_scores
from fraud_platform.core.training.threshold import Threshold, choose_threshold


@dataclass(frozen=True)
class Rival:
    """One of them, and what it is worth on the test split."""

    name: str
    probabilities: Floats
    """Calibrated, of the test rows."""
    test: Evaluation


def rivals(dataset: Dataset, alert_budget_per_day: int, champion: ModelBundle | None) -> tuple[Rival, ...]:
    """The rule set, and the champion where there is one that reads the features of today."""
    rules = _rule_set(dataset, alert_budget_per_day)
    if champion is None or champion.card.feature_set != feature_set_hash():
        return (rules,)
    return (_champion(dataset, alert_budget_per_day, champion), rules)


def _rule_set(dataset: Dataset, alert_budget_per_day: int) -> Rival:
    """Its points become probabilities, and get a threshold, on the validation split, as every candidate's scores do."""
    validation, test = dataset.validation, dataset.test
    scores = rule_scores(validation.features)
    calibration = calibrate(scores, validation.labels)
    probabilities = calibration(rule_scores(test.features))
    threshold = choose_threshold(calibration(scores), validation, alert_budget_per_day, review_cost=None)
    return Rival("rule_set", probabilities, evaluate(probabilities, test, threshold))


def _champion(dataset: Dataset, alert_budget_per_day: int, champion: ModelBundle) -> Rival:
    """As it decides now: with its own calibration and threshold, but with the budget of today for its cards."""
    probabilities = champion.score(dataset.test.features)
    threshold = Threshold(champion.threshold, alert_budget_per_day, float("nan"))
    return Rival("champion", probabilities, evaluate(probabilities, dataset.test, threshold))
