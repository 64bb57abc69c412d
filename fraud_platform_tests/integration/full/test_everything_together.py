"""The whole loop with every part of the full stack at once: Dagster's runs, the scorer and a person at the terminal."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from itertools import chain
from pathlib import Path

import dagster as dg
import numpy as np
import pytest
import yaml

from fraud_platform.defs.schedules import RANGE_END, RANGE_START
from fraud_platform.feeding.messages import Disturbances
from fraud_platform.local.environment import environment
from fraud_platform.local.orchestrator import instance_configuration
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.pipeline import tables
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import create_topics
from fraud_platform.storage.lake import Lake
from fraud_platform.storage.registry import Registry
from fraud_platform_tests.support.forty_days import FIRST_DAY, NEXT_DAY, PERIODS, schedule
from fraud_platform_tests.support.kafka_outcome import assert_features_equal_batch, predictions, send
from fraud_platform_tests.support.kernel_on_lake import PLACE, kernel_on_lake
from fraud_platform_tests.support.ports import free_ports
from fraud_platform_tests.support.scorer_process import ScorerProcess
from fraud_platform_tests.support.simulated_world import CUSTOMER_FEATURES, VELOCITY_FEATURES
from fraud_platform_tests.support.waiting import wait_until

TAGS = {RANGE_START: FIRST_DAY.isoformat(), RANGE_END: (NEXT_DAY - timedelta(days=1)).isoformat()}
CONFIG = {"ops": {"candidate_models": {"config": {"epochs": 30, "references": False}}}}


@pytest.fixture
def settings(postgres, s3, secured, cluster, mlflow, make_settings) -> Settings:
    """The platform on PostgreSQL, S3, a secured Kafka, a Spark cluster and MLflow's server on the first two."""
    parts = [part.settings() for part in (postgres, s3, cluster, mlflow)]
    # As Confluent Cloud has it; the scorer's other tests log in by SCRAM.
    parts.append(secured.settings("fraud", "PLAIN"))
    ports = dict(zip(("spark_ui_port", "metrics_port"), free_ports(2), strict=True))
    periods = {**PERIODS, "promotion_timeout_seconds": 700}  # several JVMs start on the cluster meanwhile
    made = make_settings(**{name: value for part in parts for name, value in part.items()}, **ports, **periods)
    create_topics(made.model_copy(update=secured.login("admin")))
    secured.grant(made)
    return made


def execute(settings: Settings, home: Path) -> subprocess.CompletedProcess:
    """The training job in a process of Dagster's own, as a run of the full stack."""
    (home / "dagster.yaml").write_text(yaml.safe_dump(instance_configuration(settings)))
    (home / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    job = ["job", "execute", "-m", "fraud_platform.definitions", "-j", "train_fraud_detection_model"]
    options = ["--tags", json.dumps(TAGS), "--config", str(home / "config.yaml")]
    return run(settings, "dagster", *job, *options, DAGSTER_HOME=str(home))


def run(settings: Settings, module: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", module, *arguments]
    variables = {**os.environ, **environment(settings), **variables}
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


@pytest.mark.timeout(1800)
def test_from_messages_to_predictions_of_a_model_that_a_person_promoted(settings, secured, tmp_path, monkeypatch):
    # It sends in transactions of its own, which the platform's user may not begin.
    bank = settings.model_copy(update=secured.login("admin"))
    send(bank, list(chain.from_iterable(schedule())))
    trained = execute(settings, tmp_path)
    assert trained.returncode == 0, trained.stderr[-3000:]
    secrets = [settings.kafka_password, settings.minio_secret_key, settings.db_password]
    assert not [s for s in secrets if s.get_secret_value() in trained.stdout + trained.stderr]
    assert_features_are_the_kernels(Lake(settings))
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert {"raw_transactions", "registered_model"} <= {k.to_user_string() for k in instance.all_asset_keys()}

    live = list(chain.from_iterable(schedule(NEXT_DAY, 1, Disturbances())))
    scorer = ScorerProcess(settings)
    scorer.start()
    try:
        version = 1  # of a registered model of the test's own; it has no alias before the gate
        promoted = run(settings, "fraud_platform.cli", "promote", str(version), "--reason", "the first one")
        assert promoted.returncode == 0, promoted.stderr
        assert Registry(settings).version(CHAMPION) == version
        with scorer.frozen():
            send(bank, live)
        due = {m.transaction_id for m in live if m.kind != "label"}
        wait_until(lambda: len(predictions(settings)) >= len(due), "a prediction for each live transaction")
        assert scorer.end(signal.SIGTERM) == 0
    finally:
        if scorer.is_running():
            scorer.end(signal.SIGKILL)
    scored = predictions(settings)
    assert Counter(p.transaction_id for p in scored) == dict.fromkeys(due, 1)
    assert {p.model_version for p in scored} == {version}
    assert_features_equal_batch(settings)


def assert_features_are_the_kernels(lake: Lake) -> None:
    """What executors wrote to S3 is what the kernel makes of all rows in one go."""
    offsets, values, _ = kernel_on_lake(lake)
    rows = lake.read(tables.FEATURES).sort_by(PLACE)
    assert rows["kafka_offset"].to_pylist() == offsets
    for feature, column in zip(CUSTOMER_FEATURES + VELOCITY_FEATURES, values.T, strict=True):
        np.testing.assert_array_equal(rows[feature.name].to_numpy(), column, err_msg=feature.name)
