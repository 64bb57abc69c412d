"""What candidate_models leaves on disk for one MLflow run, for registered_model and its checks to find."""

import base64
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from fraud_platform.defs.metadata import latest_metadata
from fraud_platform.errors import TrainingError

CANDIDATES, REGISTERED = dg.AssetKey("candidate_models"), dg.AssetKey("registered_model")


@dataclass(frozen=True)
class CandidateRun:
    """Files of one training run: the main model's bundle, its plots and its card."""

    mlflow_run_id: str
    root: Path

    @property
    def bundle_folder(self) -> Path:
        return self.root / self.mlflow_run_id / "bundle"

    @property
    def plots_folder(self) -> Path:
        return self.root / self.mlflow_run_id / "plots"

    @property
    def card_file(self) -> Path:
        return self.root / self.mlflow_run_id / "model_card.md"

    def save_report(self, plots: dict[str, bytes], card: str) -> None:
        """Write the PNG of each named plot, and the model card."""
        self.plots_folder.mkdir(parents=True, exist_ok=True)
        for name, png in plots.items():
            (self.plots_folder / f"{name}.png").write_bytes(png)
        self.card_file.write_text(card)

    def report_metadata(self) -> dict[str, dg.MetadataValue]:
        """The card, and the plots as Markdown images that Dagster shows without asking another server."""
        plots = {path.stem: _image(path) for path in sorted(self.plots_folder.glob("*.png"))}
        return {"model_card": dg.MetadataValue.md(self.card_file.read_text()), **plots}


def latest_candidate_run(instance: dg.DagsterInstance, data_dir: Path) -> CandidateRun:
    """The run behind the latest materialisation of candidate_models; raises TrainingError where there is none."""
    metadata = latest_metadata(instance, CANDIDATES)
    if metadata is None:
        raise TrainingError("no candidate has been trained yet: materialise candidate_models first")
    return CandidateRun(metadata["mlflow_run_id"], candidates_folder(data_dir))


def candidates_folder(data_dir: Path) -> Path:
    """Where the runs' folders lie."""
    return data_dir / "candidates"


def _image(path: Path) -> dg.MetadataValue:
    encoded = base64.b64encode(path.read_bytes()).decode()
    return dg.MetadataValue.md(f"![{path.stem}](data:image/png;base64,{encoded})")
