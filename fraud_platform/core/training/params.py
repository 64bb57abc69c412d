"""The choices of one training run."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Self


@dataclass(frozen=True)
class Boosting:
    """Hyper-parameters of gradient boosting, CatBoost's own defaults among them."""

    rounds: int
    learning_rate: float
    depth: int = 6
    leaf_regularisation: float = 3.0
    fraud_weight: float = 1.0
    """Of a fraud's gradient against a legitimate transaction's; calibration undoes what it does to the prior."""


@dataclass(frozen=True)
class TrainingParams:
    """Settings of the same names, and whether to fit the reference candidates beside the main one."""

    epochs: int
    learning_rate: float
    batch_size: int
    smote_ratio: float
    alert_budget_per_day: int
    min_alert_probability: float
    seed: int
    label_delay_days: int
    validation_days: int
    test_days: int
    card_blocked_days: int
    fraud_weight: float = 1.0
    review_cost: float | None = None
    search_trials: int = 0
    references: bool = True
    found: Boosting | None = None
    """What a search chose for the main candidate."""

    @classmethod
    def of(cls, settings: Any, **changes: Any) -> Self:
        """The choices that settings of the same names make, but for `changes`; None changes nothing."""
        chosen = {f.name: getattr(settings, f.name) for f in fields(cls) if hasattr(settings, f.name)}
        return cls(**chosen | {name: value for name, value in changes.items() if value is not None})

    @property
    def boosting(self) -> Boosting:
        """Of the main candidate."""
        return self.found or Boosting(self.epochs, self.learning_rate, fraud_weight=self.fraud_weight)

    def flat(self) -> dict[str, object]:
        """Every choice by name, as MLflow logs them; those of `boosting` bear its name before their own."""
        choices = {name: value for name, value in asdict(self).items() if name != "found"}
        return choices | {f"boosting_{name}": value for name, value in asdict(self.boosting).items()}
