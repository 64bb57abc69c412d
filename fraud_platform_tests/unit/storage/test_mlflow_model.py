"""A bundle as MLflow's own loader sees it."""

import numpy as np
import pandas as pd
import pytest
from mlflow import pyfunc
from mlflow.models import Model

from fraud_platform.errors import BundleError
from fraud_platform.storage.bundle_folder import bundle_digest, load_bundle, save_bundle
from fraud_platform.storage.mlflow_model import MLMODEL, PROBABILITY, describe
from fraud_platform_tests.support import bundles
from fraud_platform_tests.support.simulated_world import FEATURE_NAMES


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = save_bundle(bundles.bundle(), tmp_path_factory.mktemp("model") / "bundle")
    digest = bundle_digest(made)
    describe(made)
    assert bundle_digest(made) == digest
    return made


def test_it_scores_rows_as_the_bundle_does(folder):
    bundle, model = load_bundle(folder), pyfunc.load_model(str(folder))
    frame = pd.DataFrame(
        bundle.reference_features, columns=list(FEATURE_NAMES), index=range(5, 5 + len(bundle.reference_features))
    )
    found = model.predict(frame[frame.columns[::-1]])
    np.testing.assert_array_equal(found[PROBABILITY], bundle.score(bundle.reference_features))
    assert found.index.equals(frame.index)


def test_signature_and_example_are_those_of_the_features(folder):
    described = Model.load(folder / MLMODEL)
    assert described.signature.inputs.input_names() == list(FEATURE_NAMES)
    assert list(described.load_input_example(str(folder)).columns) == list(FEATURE_NAMES)
    assert described.signature.outputs.input_names() == [PROBABILITY]


def test_nothing_in_it_is_a_pickle(folder):
    assert not [path for path in folder.iterdir() if path.suffix in (".pkl", ".pickle", ".joblib")]


def test_an_altered_bundle_is_refused(folder, tmp_path):
    copy = tmp_path / "bundle"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    (copy / "bundle.json").write_text((copy / "bundle.json").read_text().replace('"threshold": ', '"threshold": 0.5e-'))
    with pytest.raises(BundleError, match="was altered"):
        pyfunc.load_model(str(copy))
