"""`fraud rollback` and `fraud ledger` on a real broker and a real registry; the scorer's part is one written event."""

import json
import threading
import time
from collections.abc import Callable
from functools import partial

import pytest
from mlflow import MlflowClient
from typer.testing import CliRunner, Result

from fraud_platform.cli.main import app
from fraud_platform.local.environment import environment
from fraud_platform.schemas import ScorerEvent
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import create_topics
from fraud_platform.storage.ledger import scorer_events, write_event
from fraud_platform.storage.promotion import BY, REASON
from fraud_platform.storage.registry import CHAMPION, Registry
from fraud_platform_tests.waiting import wait_until


@pytest.fixture
def settings(broker, mlflow_server, make_settings, monkeypatch) -> Settings:
    """Versions 1 and 2; 2 is the champion, and took over from 1."""
    made = make_settings(kafka_partitions=1, promotion_timeout_seconds=30)
    create_topics(made)
    for name, value in environment(made).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "200")
    client = MlflowClient(made.mlflow_tracking_uri)
    run_id = client.create_run("0").info.run_id
    client.create_registered_model(made.model_name)
    for version in (1, 2):
        client.create_model_version(made.model_name, f"runs:/{run_id}/bundle", run_id)
        answer(made, version, from_offsets={"0": 10 * version})
    Registry(made).set_alias(CHAMPION, 2)
    return made


def answer(settings: Settings, version: int, **fields: object) -> None:
    """What a scorer writes of a champion."""
    told = {"kind": "model_loaded", "scorer_id": "s", "at_ms": time.time_ns() // 1_000_000, "model_version": version}
    write_event(settings, ScorerEvent(**told | fields))


def fraud(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def fraud_while(settings: Settings, champion: int, then: Callable[[], None], *arguments: str) -> Result:
    """The command's result, with something that happens once the alias is at the version."""
    registry = Registry(settings)

    def follow() -> None:
        wait_until(lambda: registry.version(CHAMPION) == champion, "the alias")
        then()

    thread = threading.Thread(target=follow)
    thread.start()
    result = fraud(*arguments)
    thread.join()
    return result


def test_the_version_before_is_in_force_again_and_the_ledger_says_at_whose_word(settings):
    result = fraud_while(
        settings,
        1,
        partial(answer, settings, 1, from_offsets={"0": 30}),
        *("rollback", "--reason", "too many alerts", "--by", "ann"),
    )
    assert result.exit_code == 0, result.stderr
    assert Registry(settings).version(CHAMPION) == 1
    tags = Registry(settings).tags(1)
    assert (tags[BY], tags[REASON]) == ("ann", "too many alerts")
    ledger = json.loads(fraud("ledger", "--json").stdout)
    assert [(r["version"], r["from_offsets"], r["to_offsets"]) for r in ledger] == [
        (1, {"0": 10}, {"0": 20}),
        (2, {"0": 20}, {"0": 30}),
        (1, {"0": 30}, None),
    ]
    assert (ledger[-1]["by"], ledger[-1]["reason"]) == ("ann", "too many alerts")
    assert "too many alerts" in fraud("ledger").stdout


def test_a_scorer_whose_clock_is_behind_is_heard(settings):
    result = fraud_while(settings, 1, partial(answer, settings, 1, at_ms=1), "rollback", "--reason", "x")
    assert result.exit_code == 0, result.stderr


def test_of_a_version_that_is_the_champion_already_the_scorer_s_last_word_counts(settings):
    answer(settings, 2, kind="model_refused", reason="is broken")
    result = fraud("promote", "2", "--reason", "x")
    assert result.exit_code == 2
    assert "the scorer refused version 2: is broken" in result.stderr


def test_where_the_scorer_refuses_the_version_the_alias_moves_back(settings):
    refuse = partial(answer, settings, 1, kind="model_refused", reason="is broken")
    result = fraud_while(settings, 1, refuse, "rollback", "--to", "1", "--reason", "x")
    assert result.exit_code == 2
    assert "the scorer refused version 1: is broken" in result.stderr
    assert Registry(settings).version(CHAMPION) == 2
    assert BY not in Registry(settings).tags(2), "nobody chose it again"
    told = scorer_events(settings)[-1]
    assert (told.model_version, told.by) == (2, "promotion")
    assert told.reason == "moved back: the scorer refused version 1: is broken"


def test_where_no_scorer_answers_the_alias_stays_for_the_one_that_starts(settings, monkeypatch):
    monkeypatch.setenv("PROMOTION_TIMEOUT_SECONDS", "0.5")
    result = fraud("rollback", "--reason", "x")
    assert result.exit_code == 2
    assert "no scorer took version 1" in result.stderr and "the alias stays at version 1" in result.stderr
    assert Registry(settings).version(CHAMPION) == 1


def test_an_unknown_version_moves_nothing(settings):
    result = fraud("rollback", "--to", "9", "--reason", "x")
    assert result.exit_code == 2
    assert Registry(settings).version(CHAMPION) == 2
