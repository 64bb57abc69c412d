"""A person's labelled file, and a broker to replay it to."""

from pathlib import Path

import pytest
from typer.testing import Result

from fraud_platform.local.environment import environment
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import create_topics
from fraud_platform_tests.support.replayed_file import MAPPING, fraud, rows


@pytest.fixture
def settings(broker, make_settings, monkeypatch, tmp_path) -> Settings:
    made = make_settings(kafka_partitions=2, start_date="2020-01-01")
    create_topics(made)
    for name, value in environment(made).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "mine.yaml").write_text(MAPPING)
    rows().to_csv(tmp_path / "mine.csv", index=False)
    return made


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "mine.csv"


@pytest.fixture
def replay(settings, file, tmp_path):
    def run(*arguments: str) -> Result:
        return fraud("replay", str(file), "--mapping", str(tmp_path / "mine.yaml"), *arguments)

    return run
