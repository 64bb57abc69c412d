"""`fraud simulate` and `fraud replay` as a person meets them, without a broker."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from fraud_platform.cli.main import app


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens on port 1."""
    monkeypatch.setenv("KAFKA_BROKER", "127.0.0.1:1")
    monkeypatch.setattr("fraud_platform.storage.kafka.REQUEST_TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr("fraud_platform.storage.kafka_offsets.REQUEST_TIMEOUT_SECONDS", 0.2)
    # typer's help depends on the terminal's width.
    monkeypatch.setenv("COLUMNS", "200")


def test_without_kafka_it_ends_with_code_2_and_the_way_out() -> None:
    result = CliRunner().invoke(app, ["simulate", "--days", "1"])
    assert result.exit_code == 2
    assert "KAFKA_BROKER=127.0.0.1:1 does not answer" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rate", "5", "--real-time"], "exclude each other"),
        (["--start", "2999-01-01"], "ends after today began"),
        (["--real-time", "--start", "2020-01-01"], "over 7 days old"),
        (["--late", "2"], "--late"),
        (["--days", "0"], "--days"),
    ],
)
def test_options_that_make_no_sense_are_refused(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["simulate", *arguments])
    assert result.exit_code == 2
    assert message in result.stderr


def test_replay_of_a_missing_file_names_it() -> None:
    result = CliRunner().invoke(app, ["replay", str(Path("no") / "such.csv"), "--mapping", "handbook"])
    assert result.exit_code == 2
    assert "no such file" in result.stderr


@pytest.mark.parametrize("command", ["simulate", "replay"])
def test_help_shows_examples(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"fraud {command}" in result.stdout
    assert "Examples" in result.stdout
