"""What a training run shows and leaves in MLflow: plots, the model card, and a nested run for each model compared.

Imports of plots and models wait for a call, because every module of defs/ is loaded with the definitions.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fraud_platform.core.arrays import Floats
from fraud_platform.core.training.dataset import DatedRows
from fraud_platform.core.training.params import TrainingParams
from fraud_platform.pipeline.candidate_run import CandidateRun

if TYPE_CHECKING:
    from fraud_platform.core.training.baselines import Baseline
    from fraud_platform.core.training.evaluate import Evaluation
    from fraud_platform.core.training.search import SearchTrial
    from fraud_platform.core.training.train import TrainedModel, TrainedModels

Plots = dict[str, bytes]


@dataclass(frozen=True)
class Trial:
    """The models of one training run, all judged on the same test rows."""

    trained: "TrainedModels"
    baselines: "tuple[Baseline, ...]"
    test: DatedRows

    @cached_property
    def scores(self) -> dict[str, Floats]:
        """Probabilities (n,) of the test rows by name of the model."""
        candidates = {candidate.name: candidate.score(self.test.features) for candidate in self.trained.candidates}
        return candidates | {baseline.name: baseline.probabilities for baseline in self.baselines}

    @property
    def evaluations(self) -> "dict[str, Evaluation]":
        """On the test rows, by name of the model, the main one first."""
        candidates = {candidate.name: candidate.test for candidate in self.trained.candidates}
        return candidates | {baseline.name: baseline.test for baseline in self.baselines}

    def average_precisions(self) -> dict[str, float]:
        """Of the main model and of what it must beat: simpler models and rules. The champion has a check of its own."""
        return {name: test.average_precision for name, test in self.evaluations.items() if name != "champion"}

    def comparison(self) -> str:
        """Markdown table of all of them."""
        from fraud_platform.core.training.model_card import comparison_table

        return comparison_table(self.evaluations)

    def model_card(self) -> str:
        """Markdown card of the main model."""
        from fraud_platform.core.training.model_card import model_card

        main, parameters = self.trained.main, self.trained.params.flat()
        return model_card(self.trained.bundle.card, main.test, self.evaluations, self._importance, parameters)

    def plots(self) -> Plots:
        """Plots of the main candidate on the test split, and of how all models rank it."""
        from fraud_platform.core.training import plots

        main, judged = self.trained.main, self.test.judged
        scores = {name: probabilities[self.test.open] for name, probabilities in self.scores.items()}
        return {
            "precision_recall": plots.precision_recall(scores, judged.labels),
            "feature_importance": plots.feature_importance(self._importance),
            "alerts_by_day": plots.alerts_by_day(main.test.by_day, self.trained.params.alert_budget_per_day),
            "threshold_against_money": plots.threshold_against_money(scores[main.name], judged, main.threshold.value),
            **self.candidate_plots(main),
        }

    def candidate_plots(self, candidate: "TrainedModel") -> Plots:
        """Calibration and scores of any candidate."""
        from fraud_platform.core.training import plots

        probabilities, labels = self.scores[candidate.name], self.test.labels
        return {
            "calibration": plots.calibration(probabilities, labels),
            "score_histogram": plots.score_histogram(probabilities, labels, candidate.threshold.value),
        }

    @cached_property
    def _importance(self) -> Mapping[str, float]:
        """Per cent, by feature."""
        names = [feature.name for feature in self.trained.bundle.card.features]
        return dict(zip(names, self.trained.main.model.classifier.get_feature_importance(), strict=True))


def log_search_trial(mlflow: Any, trial: "SearchTrial") -> None:
    """A nested run for one trial of the search for hyper-parameters."""
    with mlflow.start_run(run_name=f"trial {trial.number}", nested=True):
        mlflow.log_params({"trial": trial.number, "given_up": trial.pruned, **asdict(trial.boosting)})
        mlflow.log_metric("validation_average_precision", trial.average_precision)


def log_training(mlflow: Any, trial: Trial, run: CandidateRun) -> None:
    """Log parameters, snapshot, main measures, plots and card, and a nested run for each model compared."""
    card = trial.trained.bundle.card
    mlflow.log_params(trial.trained.params.flat())
    mlflow.log_dict(card.snapshot, "snapshot.json")
    mlflow.log_metrics(card.metrics)
    mlflow.log_artifacts(str(run.plots_folder), "plots")
    mlflow.log_artifact(str(run.card_file))
    for candidate in trial.trained.candidates:
        with mlflow.start_run(run_name=candidate.name, nested=True):
            drawn = {} if candidate is trial.trained.main else trial.candidate_plots(candidate)
            _log_candidate(mlflow, candidate, trial.trained.params, drawn)
    for baseline in trial.baselines:
        with mlflow.start_run(run_name=baseline.name, nested=True):
            mlflow.log_params({"candidate": baseline.name})
            mlflow.log_metrics({f"test_{name}": value for name, value in baseline.test.metrics().items()})
            mlflow.log_dict({"test": asdict(baseline.test)}, "evaluation.json")


def _log_candidate(mlflow: Any, candidate: "TrainedModel", params: TrainingParams, drawn: Plots) -> None:
    mlflow.log_params({"candidate": candidate.name, "calibration": candidate.calibration.method, **params.flat()})
    metrics = {f"validation_{name}": value for name, value in candidate.validation.metrics().items()}
    metrics |= {f"test_{name}": value for name, value in candidate.test.metrics().items()}
    mlflow.log_metrics({**metrics, "threshold": candidate.threshold.value})
    mlflow.log_dict({"validation": asdict(candidate.validation), "test": asdict(candidate.test)}, "evaluation.json")
    with tempfile.TemporaryDirectory() as folder:
        for name, png in drawn.items():
            (Path(folder) / f"{name}.png").write_bytes(png)
        mlflow.log_artifacts(folder, "plots")
