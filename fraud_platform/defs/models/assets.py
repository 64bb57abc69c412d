"""Candidate models trained on the training set, and the main one as a version in the registry."""

from functools import partial
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from fraud_platform.core.training.params import TrainingParams
from fraud_platform.defs.models.candidate_run import latest_candidate_run, report_metadata
from fraud_platform.defs.run_config import RunConfig, from_setting
from fraud_platform.defs.training.assets import resampled_training_set, training_set
from fraud_platform.errors import ModelError
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.pipeline.candidate_run import CandidateRun, candidates_folder
from fraud_platform.pipeline.training_rows import read_dataset, read_smote_ratio
from fraud_platform.pipeline.training_snapshot import read_snapshot
from fraud_platform.resources.mlflow import OpenTracking
from fraud_platform.resources.platform import PlatformResource

if TYPE_CHECKING:
    from fraud_platform.core.model_bundle import ModelBundle


class CandidateModelsConfig(RunConfig):
    """Choices of one training run; each starts as the setting of its name."""

    epochs: int | None = from_setting("epochs")
    learning_rate: float | None = from_setting("learning_rate")
    batch_size: int | None = from_setting("batch_size")
    smote_ratio: float | None = from_setting(
        "smote_ratio",
        "Left as shown, the rows of resampled_training_set are taken, whatever ratio they were made with.",
    )
    fraud_weight: float | None = from_setting("fraud_weight")
    search_trials: int | None = from_setting("search_trials")
    references: bool = Field(True, description="Whether to train the reference models beside the main one.")


@dg.asset(group_name="models", kinds={"catboost", "mlflow"}, deps=[training_set, resampled_training_set])
def candidate_models(
    context: dg.AssetExecutionContext,
    config: CandidateModelsConfig,
    platform: PlatformResource,
    mlflow: dg.ResourceParam[OpenTracking],
) -> dg.MaterializeResult:
    """The main model and its references, trained, calibrated and judged, with champion and rules, on the test split."""
    from fraud_platform.core.training.baselines import baselines
    from fraud_platform.core.training.train import train_candidates
    from fraud_platform.pipeline.experiment_tracking import Trial, log_search_trial, log_training
    from fraud_platform.storage.bundle_folder import save_bundle

    settings, lake = platform.settings, platform.lake
    with mlflow() as tracking:
        chosen, snapshot = config.changed(), read_snapshot(lake)
        dataset = read_dataset(lake, chosen.get("smote_ratio"))
        of_the_rows = {name: snapshot[name] for name in ("seed", "card_blocked_days")}
        params = TrainingParams.of(settings, **{"smote_ratio": read_smote_ratio(lake), **of_the_rows, **chosen})
        trained = train_candidates(
            dataset,
            params,
            context.log.info,
            model_name=settings.model_name,
            snapshot=snapshot,
            on_trial=partial(log_search_trial, tracking),
        )
        against = baselines(dataset, params, _champion(context, platform))
        trial = Trial(trained, against, dataset.test)
        run = CandidateRun(tracking.active_run().info.run_id, candidates_folder(settings.data_dir))
        save_bundle(trained.bundle, run.bundle_folder)
        run.save_report(trial.plots(), trial.model_card())
        log_training(tracking, trial, run)
    return dg.MaterializeResult(
        metadata={
            "mlflow_run_id": run.mlflow_run_id,
            "main_model": trained.main.name,
            "average_precision": trial.average_precisions(),
            "comparison": dg.MetadataValue.md(trial.comparison()),
            **report_metadata(run),
        }
    )


@dg.asset(group_name="models", kinds={"mlflow"}, deps=[candidate_models])
def registered_model(context: dg.AssetExecutionContext, platform: PlatformResource) -> dg.MaterializeResult:
    """The main model of the latest training run as a new version in MLflow, which has no alias before the gate."""
    from fraud_platform.storage.bundle_folder import load_bundle

    settings = platform.settings
    run = latest_candidate_run(context.instance, settings.data_dir)
    card = load_bundle(run.bundle_folder).card
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
            "threshold_chosen_by": card.threshold_chosen_by,
            "alert_budget_per_day": card.alert_budget_per_day,
            **{name: value for name, value in card.metrics.items() if name.startswith("test_")},
            **report_metadata(run),
        }
    )


def _champion(context: dg.AssetExecutionContext, platform: PlatformResource) -> "ModelBundle | None":
    """The champion to compare with; one that cannot be loaded must not keep its successor from being trained."""
    from fraud_platform.storage.bundle_folder import load_bundle

    version = platform.registry.version(CHAMPION)
    if version is None:
        return None
    try:
        return load_bundle(platform.registry.download(version))
    except ModelError as error:
        context.log.warning("the champion is left out of the comparison: %s", error)
        return None
