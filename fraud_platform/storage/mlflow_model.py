"""A bundle as a model that MLflow's own loader knows: signature, an example row, and no pickle.

`mlflow.pyfunc.load_model("models:/fraud-detector/1")` calls `_load_pyfunc` with the folder of the
bundle, whose files are verified as everywhere.
"""

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fraud_platform.core.frames import feature_matrix
from fraud_platform.core.model_bundle import ModelBundle
from fraud_platform.storage.bundle_folder import load_bundle

if TYPE_CHECKING:
    import pandas as pd

MLMODEL, EXAMPLE = "MLmodel", "input_example.json"
PROBABILITY = "probability"


class BundleModel:
    """What MLflow hands out: rows of features in, calibrated probabilities out."""

    def __init__(self, bundle: ModelBundle) -> None:
        self.bundle = bundle
        self._names = [feature.name for feature in bundle.card.features]

    def predict(self, frame: "pd.DataFrame", params: dict[str, Any] | None = None) -> "pd.DataFrame":
        """A column PROBABILITY for rows with the model's features by name; raises FrameError where one is missing."""
        import pandas as pd

        probabilities = self.bundle.score(feature_matrix(frame, self._names))
        return pd.DataFrame({PROBABILITY: probabilities}, index=frame.index)


def describe(folder: Path) -> None:
    """Write MLMODEL and EXAMPLE beside the files of a saved bundle, whose digest they leave as it is."""
    from mlflow.models import Model, ModelSignature
    from mlflow.types import ColSpec, Schema

    bundle = load_bundle(folder)
    names = [feature.name for feature in bundle.card.features]
    signature = ModelSignature(
        inputs=Schema([ColSpec("double", name) for name in names]), outputs=Schema([ColSpec("double", PROBABILITY)])
    )
    example = {"columns": names, "data": bundle.reference_features[:1].tolist()}
    (folder / EXAMPLE).write_text(json.dumps(example))
    model = Model(signature=signature)
    model.saved_input_example_info = {
        "artifact_path": EXAMPLE,
        "type": "dataframe",
        "pandas_orient": "split",
        "serving_input_path": None,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of MLflow's about its own classes for language models, on import
        from mlflow import pyfunc

        pyfunc.add_to_model(model, loader_module=__name__)
    model.save(str(folder / MLMODEL))


def _load_pyfunc(path: str) -> BundleModel:
    """Called by MLflow. Raises BundleError where a file is missing, altered or malformed."""
    bundle = load_bundle(Path(path))
    bundle.verify()
    return BundleModel(bundle)
