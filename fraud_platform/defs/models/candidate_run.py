"""The training run behind candidate_models, as Dagster knows and shows it."""

from pathlib import Path

import dagster as dg

from fraud_platform.defs.metadata import image, latest_metadata
from fraud_platform.errors import TrainingError
from fraud_platform.pipeline.candidate_run import CandidateRun, candidates_folder

CANDIDATES, REGISTERED = dg.AssetKey("candidate_models"), dg.AssetKey("registered_model")


def latest_candidate_run(instance: dg.DagsterInstance, data_dir: Path) -> CandidateRun:
    """The run behind the latest materialisation of candidate_models; raises TrainingError where there is none."""
    metadata = latest_metadata(instance, CANDIDATES)
    if metadata is None:
        raise TrainingError("no candidate has been trained yet: materialise candidate_models first")
    return CandidateRun(metadata["mlflow_run_id"], candidates_folder(data_dir))


def report_metadata(run: CandidateRun) -> dict[str, dg.MetadataValue]:
    """The card, and the plots as Markdown images that Dagster shows without asking another server."""
    plots = {path.stem: image(path.stem, path.read_bytes()) for path in sorted(run.plots_folder.glob("*.png"))}
    return {"model_card": dg.MetadataValue.md(run.card_file.read_text()), **plots}
