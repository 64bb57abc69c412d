"""Candidate models trained on the training set, and the main one as a version in the registry."""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from fraud_platform.core.training.params import TrainingParams
from fraud_platform.defs.models.candidate_run import CandidateRun, candidates_folder, latest_candidate_run
from fraud_platform.defs.training.assets import resampled_training_set, training_set
from fraud_platform.defs.training.dataset import read_dataset, read_smote_ratio
from fraud_platform.defs.training.snapshot import read_snapshot
from fraud_platform.resources.mlflow import OpenTracking
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.settings import Settings

if TYPE_CHECKING:
    from fraud_platform.core.training.train import TrainedModel


class CandidateModelsConfig(dg.Config):
    """Choices of one training run; each overrides the setting of its name."""

    epochs: int | None = Field(None, ge=1, description="Overrides EPOCHS.")
    learning_rate: float | None = Field(None, gt=0, le=1, description="Overrides LEARNING_RATE.")
    batch_size: int | None = Field(None, ge=1, description="Overrides BATCH_SIZE.")
    references: bool = Field(True, description="Whether to train the reference models beside the main one.")


@dg.asset(group_name="models", kinds={"catboost", "mlflow"}, deps=[training_set, resampled_training_set])
def candidate_models(
    context: dg.AssetExecutionContext,
    config: CandidateModelsConfig,
    platform: PlatformResource,
    mlflow: dg.ResourceParam[OpenTracking],
) -> dg.MaterializeResult:
    """The main model and its references, trained, calibrated and judged on the test split, logged to MLflow."""
    from fraud_platform.core.training.train import train_candidates
    from fraud_platform.defs.models.tracking import log_training, main_plots

    settings, lake = platform.settings, platform.lake
    with mlflow() as tracking:
        dataset, snapshot = read_dataset(lake), read_snapshot(lake)
        params = _params(config, settings, read_smote_ratio(lake), snapshot["seed"])
        trained = train_candidates(dataset, params, context.log.info, model_name=settings.model_name, snapshot=snapshot)
        labels = dataset.test.labels
        scores = {candidate.name: candidate.score(dataset.test.features) for candidate in trained.candidates}
        run = CandidateRun(tracking.active_run().info.run_id, candidates_folder(settings.data_dir))
        trained.bundle.save(run.bundle_folder)
        plots_folder = run.save_plots(main_plots(trained, scores, labels))
        log_training(tracking, trained, params, snapshot, scores, labels, plots_folder)
    return dg.MaterializeResult(
        metadata={
            "mlflow_run_id": run.mlflow_run_id,
            "main_model": trained.main.name,
            "average_precision": {candidate.name: candidate.test.average_precision for candidate in trained.candidates},
            "candidates": dg.MetadataValue.md(_candidates_table(trained.candidates)),
        }
    )


@dg.asset(group_name="models", kinds={"mlflow"}, deps=[candidate_models])
def registered_model(context: dg.AssetExecutionContext, platform: PlatformResource) -> dg.MaterializeResult:
    """The main model of the latest training run as a new version in MLflow, under the alias `challenger`."""
    from fraud_platform.core.scoring import ModelBundle

    settings = platform.settings
    run = latest_candidate_run(context.instance, settings.data_dir)
    card = ModelBundle.load(run.bundle_folder).card
    version = platform.registry.register(
        run.bundle_folder,
        run.mlflow_run_id,
        f"trained as of {card.snapshot['as_of']}",
        {"feature_set": card.feature_set, "dagster_run_id": context.run.run_id},
    )
    return dg.MaterializeResult(
        metadata={
            "version": version,
            "mlflow_run_id": run.mlflow_run_id,
            "mlflow": dg.MetadataValue.url(
                f"{settings.mlflow_tracking_uri}/#/models/{settings.model_name}/versions/{version}"
            ),
            "threshold": card.threshold,
            "alert_budget_per_day": card.alert_budget_per_day,
            **{name: value for name, value in card.metrics.items() if name.startswith("test_")},
            **run.plots_metadata(),
        }
    )


def _params(config: CandidateModelsConfig, settings: Settings, smote_ratio: float, seed: int) -> TrainingParams:
    return TrainingParams(
        epochs=config.epochs or settings.epochs,
        learning_rate=config.learning_rate or settings.learning_rate,
        batch_size=config.batch_size or settings.batch_size,
        smote_ratio=smote_ratio,
        alert_budget_per_day=settings.alert_budget_per_day,
        seed=seed,
        label_delay_days=settings.label_delay_days,
        validation_days=settings.validation_days,
        test_days=settings.test_days,
        references=config.references,
    )


def _candidates_table(candidates: tuple["TrainedModel", ...]) -> str:
    lines = ["| candidate | average precision | precision | recall | alerts a day |", "|---|--:|--:|--:|--:|"]
    for candidate in candidates:
        test = candidate.test
        lines.append(
            f"| {candidate.name} | {test.average_precision:.4f} | {test.precision:.3f} | {test.recall:.3f} "
            f"| {test.alerts_per_day:.1f} |"
        )
    return "\n".join(lines)
