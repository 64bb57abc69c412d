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
from fraud_platform.errors import PromotionError
from fraud_platform.local.environment import environment
from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.operations import promotion
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.operations.deployment_tags import BY, HISTORY, REASON, SINCE, UNTIL
from fraud_platform.operations.ledger import scorer_events, write_event
from fraud_platform.operations.promotion import Request
from fraud_platform.operations.rollout import GATE, GATE_REASON, STOPPED
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import create_topics
from fraud_platform.storage.registry import Registry
from fraud_platform_tests.support.waiting import wait_until


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
    assert result.stdout == "version 1 is in force again, from offset 30 of partition 0 on; see 'fraud ledger'\n"
    tags = Registry(settings).tags(1)
    assert (tags[BY], tags[REASON]) == ("ann", "too many alerts")
    assert Registry(settings).tags(2)[STOPPED] == "rolled back by ann: too many alerts"
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


@pytest.mark.parametrize("command", [("rollback",), ("promote", "1")])
@pytest.mark.parametrize("reason", ["", "  "])
def test_without_a_reason_nothing_moves(settings, command, reason):
    result = fraud(*command, "--reason", reason)
    assert result.exit_code == 2
    assert "a reason is needed" in result.stderr
    assert Registry(settings).version(CHAMPION) == 2
    assert [event.kind for event in scorer_events(settings)] == ["model_loaded"] * 2


def test_a_person_s_promotion_overrides_the_gate_and_the_version_says_so(settings):
    registry = Registry(settings)
    registry.set_tags(1, {GATE: "refused", GATE_REASON: "is_calibrated failed"})
    result = fraud_while(
        settings,
        1,
        partial(answer, settings, 1, from_offsets={"0": 30}),
        "promote",
        "1",
        "--reason",
        "x",
        "--by",
        "ann",
    )
    assert result.exit_code == 0, result.stderr
    tags = registry.tags(1)
    assert tags[GATE] == "overridden"
    assert tags[GATE_REASON] == "ann overrode the gate: x (gate: is_calibrated failed)"


@pytest.mark.parametrize("tags", [{}, {GATE: "refused", GATE_REASON: "is_calibrated failed"}], ids=["none", "refused"])
def test_a_promotion_that_overrides_nothing_needs_the_gate(settings, tags):
    registry = Registry(settings)
    registry.set_tags(1, tags)
    with pytest.raises(PromotionError, match="the gate has not let version 1 through"):
        promotion.promote(settings, registry, Request(1, "a sensor", "x"))
    assert registry.version(CHAMPION) == 2


def test_a_promotion_that_fails_leaves_the_alias_to_whoever_has_moved_it_since(settings):
    registry = Registry(settings)
    run_id = MlflowClient(settings.mlflow_tracking_uri).create_run("0").info.run_id
    client = MlflowClient(settings.mlflow_tracking_uri)
    client.create_model_version(settings.model_name, f"runs:/{run_id}/bundle", run_id)

    def somebody_else_moves_it() -> None:
        registry.set_alias(CHAMPION, 1)
        answer(settings, 3, kind="model_refused", reason="is broken")

    result = fraud_while(settings, 3, somebody_else_moves_it, "promote", "3", "--reason", "x")
    assert result.exit_code == 2
    assert registry.version(CHAMPION) == 1
    assert [e.model_version for e in scorer_events(settings) if e.kind == "champion_set"] == [3]


def test_a_promotion_that_fails_leaves_the_alias_where_somebody_asked_for_the_same_version(settings):
    registry = Registry(settings)
    waiting = settings.model_copy(update={"promotion_timeout_seconds": 3})
    asked = ScorerEvent(
        kind="champion_set", scorer_id="promotion", at_ms=1, model_version=1, by="ann", reason="keep it"
    )
    thread = threading.Thread(
        target=lambda: (
            wait_until(lambda: registry.version(CHAMPION) == 1, "the alias"),
            write_event(settings, asked),
        )
    )
    thread.start()
    with pytest.raises(PromotionError, match="no scorer took version 1"):
        promotion.promote(waiting, registry, Request(1, "bob", "x"), override_gate=True)
    thread.join()
    assert registry.version(CHAMPION) == 1


def test_the_versions_tell_each_time_as_champion(settings):
    registry = Registry(settings)
    for version, reason in ((1, "first"), (2, "better"), (1, "back")):
        acknowledge = partial(answer, settings, version, from_offsets={"0": 30})
        assert fraud_while(settings, version, acknowledge, "promote", str(version), "--reason", reason).exit_code == 0
    first, second = registry.tags(1), registry.tags(2)
    assert first[REASON] == "back" and UNTIL not in first
    assert first[HISTORY].count("\n") == 0 and first[HISTORY].endswith(": first")
    assert second[UNTIL] == first[SINCE] and second[REASON] == "better"
