"""What a training run leaves in MLflow: a nested run with parameters, measures and plots for each candidate.

Imports of plots and models wait for a call, because every module of defs/ is loaded with the definitions.
"""

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fraud_platform.core.arrays import Bools, Floats
from fraud_platform.core.features.table import FEATURE_NAMES
from fraud_platform.core.training.params import TrainingParams
from fraud_platform.defs.training.snapshot import Snapshot

if TYPE_CHECKING:
    from fraud_platform.core.training.train import TrainedModel, TrainedModels

Plots = dict[str, bytes]


def main_plots(trained: "TrainedModels", scores: dict[str, Floats], labels: Bools) -> Plots:
    """Plots of the main candidate on the test split, and of how all candidates rank it."""
    from fraud_platform.core.training import plots

    main = trained.main
    importance = dict(zip(FEATURE_NAMES, main.model.classifier.get_feature_importance(), strict=True))
    return {
        "precision_recall": plots.precision_recall(scores, labels),
        "feature_importance": plots.feature_importance(importance),
        **_candidate_plots(main, scores[main.name], labels),
    }


def log_training(
    mlflow: Any,
    trained: "TrainedModels",
    params: TrainingParams,
    snapshot: Snapshot,
    scores: dict[str, Floats],
    labels: Bools,
    plots_folder: Path,
) -> None:
    """Log the run's parameters, snapshot, main measures and plots, and a nested run for each candidate."""
    mlflow.log_params(asdict(params))
    mlflow.log_dict(snapshot, "snapshot.json")
    mlflow.log_metrics(trained.bundle.card.metrics)
    mlflow.log_artifacts(str(plots_folder), "plots")
    for candidate in trained.candidates:
        with mlflow.start_run(run_name=candidate.name, nested=True):
            drawn = {} if candidate is trained.main else _candidate_plots(candidate, scores[candidate.name], labels)
            _log_candidate(mlflow, candidate, params, drawn)


def _log_candidate(mlflow: Any, candidate: "TrainedModel", params: TrainingParams, drawn: Plots) -> None:
    mlflow.log_params({"candidate": candidate.name, "calibration": candidate.calibration.method, **asdict(params)})
    metrics = {f"validation_{name}": value for name, value in candidate.validation.metrics().items()}
    metrics |= {f"test_{name}": value for name, value in candidate.test.metrics().items()}
    mlflow.log_metrics({**metrics, "threshold": candidate.threshold.value})
    mlflow.log_dict({"validation": asdict(candidate.validation), "test": asdict(candidate.test)}, "evaluation.json")
    with tempfile.TemporaryDirectory() as folder:
        for name, png in drawn.items():
            (Path(folder) / f"{name}.png").write_bytes(png)
        mlflow.log_artifacts(folder, "plots")


def _candidate_plots(candidate: "TrainedModel", probabilities: Floats, labels: Bools) -> Plots:
    from fraud_platform.core.training import plots

    return {
        "calibration": plots.calibration(probabilities, labels),
        "score_histogram": plots.score_histogram(probabilities, labels, candidate.threshold.value),
    }
