"""What a training run leaves on disk for the registration of its main model."""

from dataclasses import dataclass
from pathlib import Path


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


def candidates_folder(data_dir: Path) -> Path:
    """Where the runs' folders lie."""
    return data_dir / "candidates"
