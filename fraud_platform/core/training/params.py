"""The choices of one training run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Boosting:
    """Hyper-parameters of gradient boosting."""

    rounds: int
    learning_rate: float


@dataclass(frozen=True)
class TrainingParams:
    """Settings of the same names, and whether to fit the reference candidates beside the main one."""

    epochs: int
    learning_rate: float
    batch_size: int
    smote_ratio: float
    alert_budget_per_day: int
    seed: int
    label_delay_days: int
    validation_days: int
    test_days: int
    references: bool = True

    @property
    def boosting(self) -> Boosting:
        """Of the main candidate."""
        return Boosting(self.epochs, self.learning_rate)
