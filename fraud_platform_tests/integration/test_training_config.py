"""What is chosen for one training run has its effect on the model, and stands in the run's record in MLflow."""

import dagster as dg
import numpy as np
import pytest
from mlflow import MlflowClient

from fraud_platform.defs.metadata import latest_metadata
from fraud_platform.defs.models.assets import candidate_models
from fraud_platform.defs.models.candidate_run import CANDIDATES, latest_candidate_run
from fraud_platform.defs.training.assets import resampled_training_set, training_set
from fraud_platform.pipeline.training_rows import read_smote_ratio, read_test_rows
from fraud_platform.resources.mlflow import mlflow
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.bundle_folder import load_bundle
from fraud_platform_tests.support import feature_lake

RATIO = 0.3
QUICK = {"epochs": 8, "references": False}


@pytest.fixture(scope="module")
def platform(mlflow_server, tmp_path_factory) -> PlatformResource:
    values = {
        "data_dir": tmp_path_factory.mktemp("run_config"),
        "mlflow_tracking_uri": mlflow_server,
        "model_name": "fraud-detector-config-test",
        **feature_lake.SPLIT,
    }
    resource = PlatformResource(overrides={name: str(value) for name, value in values.items()})
    feature_lake.fill(resource.lake)
    return resource


@pytest.fixture
def train(platform):
    """Materialises the assets with the configuration; returns the main model's test scores and the run's parameters."""

    def run(*assets, **configs):
        ops = {name: {"config": config} for name, config in configs.items()}
        with dg.DagsterInstance.ephemeral() as instance:
            resources = {"platform": platform, "mlflow": mlflow}
            assert dg.materialize(list(assets), {"ops": ops}, resources=resources, instance=instance).success
            bundle = load_bundle(latest_candidate_run(instance, platform.settings.data_dir).bundle_folder)
            run_id = latest_metadata(instance, CANDIDATES)["mlflow_run_id"]
        params = MlflowClient(platform.settings.mlflow_tracking_uri).get_run(run_id).data.params
        return bundle.score(read_test_rows(platform.lake).features), params

    return run


def test_another_smote_ratio_trains_the_model_that_a_table_of_that_ratio_would(platform, train):
    as_set, params = train(training_set, resampled_training_set, candidate_models, candidate_models=QUICK)
    default = platform.settings.smote_ratio
    assert (params["smote_ratio"], read_smote_ratio(platform.lake)) == (str(default), default)

    here, params = train(candidate_models, candidate_models={**QUICK, "smote_ratio": RATIO})
    assert (params["smote_ratio"], read_smote_ratio(platform.lake)) == (str(RATIO), default), "the table stays"
    assert not np.array_equal(here, as_set)

    resampled = {"smote_ratio": RATIO}
    there, params = train(
        resampled_training_set, candidate_models, resampled_training_set=resampled, candidate_models=QUICK
    )
    assert (params["smote_ratio"], read_smote_ratio(platform.lake)) == (str(RATIO), RATIO)
    np.testing.assert_array_equal(here, there)


def test_each_other_choice_is_in_the_record_of_the_run(train):
    chosen = {"epochs": 6, "learning_rate": 0.3, "batch_size": 512, "fraud_weight": 2.0, "references": False}
    _, params = train(training_set, resampled_training_set, candidate_models, candidate_models=chosen)
    assert {name: params[name] for name in chosen} == {name: str(value) for name, value in chosen.items()}
