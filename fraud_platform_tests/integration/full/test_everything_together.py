"""Raw tables and features with every part of the full stack at once, in a process of Dagster's own."""

import os
import subprocess
import sys
from datetime import timedelta

import dagster as dg
import numpy as np
import pytest
import yaml

from fraud_platform.core.features.events import NO_EVENTS
from fraud_platform.core.features.kernel import customer_features
from fraud_platform.core.features.table import CUSTOMER_FEATURES
from fraud_platform.core.features.velocity import VELOCITY_FEATURES
from fraud_platform.local.environment import environment
from fraud_platform.local.orchestrator import instance_configuration
from fraud_platform.settings import Settings
from fraud_platform.storage.feed_messages import Disturbances, transaction_messages
from fraud_platform.storage.kafka import create_topics, producer
from fraud_platform.storage.lake import Lake
from fraud_platform.storage.transactions import events_of
from fraud_platform_tests import bundles
from fraud_platform_tests.one_go import velocities_in_one_go

DAYS = 10
ASSETS = "raw_transactions,raw_labels,raw_rejected,merchant_risk,velocity,transaction_features"
RANGE = f"{bundles.FIRST_DAY}...{bundles.FIRST_DAY + timedelta(days=DAYS)}"


@pytest.fixture
def settings(postgres, s3, secured, cluster, make_settings) -> Settings:
    """The platform on PostgreSQL, S3, a secured Kafka and a Spark cluster, with ten days of transactions."""
    parts = [part.settings() for part in (postgres, s3, cluster)]
    # As Confluent Cloud has it; the scorer's tests log in by SCRAM.
    parts.append(secured.settings("fraud", "PLAIN"))
    made = make_settings(**{name: value for part in parts for name, value in part.items()})
    create_topics(made.model_copy(update={"kafka_username": "admin", "kafka_password": _password(secured, "admin")}))
    secured.grant(made)
    kafka = producer(made)
    for message in sorted(transaction_messages(bundles.transactions(DAYS), Disturbances(late=0.05, duplicates=0.02))):
        kafka.produce(made.kafka_topic, message.value, message.key, timestamp=message.send_ms)
    assert kafka.flush(30) == 0
    return made


def _password(secured, user: str):
    return Settings(_env_file=None, **secured.settings(user)).kafka_password


def materialise(settings: Settings, home) -> subprocess.CompletedProcess:
    """`dagster asset materialize`, as a run of the full stack does it."""
    (home / "dagster.yaml").write_text(yaml.safe_dump(instance_configuration(settings)))
    command = [sys.executable, "-m", "dagster", "asset", "materialize", "-m", "fraud_platform.definitions"]
    return subprocess.run(
        [*command, "--select", ASSETS, "--partition-range", RANGE],
        env={**os.environ, **environment(settings), "DAGSTER_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_features_made_by_executors_on_s3_are_the_kernels(settings, tmp_path, monkeypatch):
    result = materialise(settings, tmp_path)
    assert result.returncode == 0, result.stderr[-3000:]
    secrets = [settings.kafka_password, settings.minio_secret_key, settings.db_password]
    assert not [s for s in secrets if s.get_secret_value() in result.stdout + result.stderr]

    lake = Lake(settings)
    place = [("kafka_partition", "ascending"), ("kafka_offset", "ascending")]
    events = lake.read("raw/transactions").sort_by(place)
    expected = customer_features(NO_EVENTS, events_of(events))
    values = np.hstack((expected.values, velocities_in_one_go(events_of(events))))[~expected.duplicate]
    rows = lake.read("features/transactions").sort_by(place)
    assert rows["kafka_offset"].to_pylist() == events["kafka_offset"].filter(~expected.duplicate).to_pylist()
    for feature, column in zip(CUSTOMER_FEATURES + VELOCITY_FEATURES, values.T, strict=True):
        np.testing.assert_array_equal(rows[feature.name].to_numpy(), column, err_msg=feature.name)

    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert {"raw_transactions", "transaction_features"} <= {k.to_user_string() for k in instance.all_asset_keys()}
