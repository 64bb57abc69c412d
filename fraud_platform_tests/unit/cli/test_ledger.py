"""`fraud ledger` over events that it is given."""

import json

import pytest
from typer.testing import CliRunner

from fraud_platform.cli.main import app
from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform_tests.support.hostile_text import OBEYED

EVENTS = [
    ScorerEvent(kind="model_loaded", scorer_id="s", at_ms=1_790_000_000_000, model_version=1, from_offsets={"0": 7}),
    ScorerEvent(kind="alarm_raised", scorer_id="s", at_ms=1_790_000_060_000, reason="40 % are alerts"),
    ScorerEvent(kind="letter_retried", scorer_id="s", at_ms=1_790_000_120_000, by="ann", reason="[/red]\x1b[2J"),
]


@pytest.fixture(autouse=True)
def told(monkeypatch):
    monkeypatch.setattr("fraud_platform.operations.ledger.scorer_events", lambda settings: iter(EVENTS))


def run(*arguments):
    result = CliRunner().invoke(app, ["ledger", *arguments], env={"COLUMNS": "120"})
    assert result.exit_code == 0, result.output
    return result.stdout


def test_it_shows_the_versions_in_force():
    (version,) = json.loads(run("--json"))
    assert (version["version"], version["from_offsets"]) == (1, {"0": 7})


def test_events_are_all_there_in_their_order_and_none_is_obeyed():
    shown = run("--events")
    assert shown.index("model loaded") < shown.index("alarm raised") < shown.index("letter retried")
    assert "40 % are alerts" in shown and "[/red]" in shown and not OBEYED.search(shown.replace("\n", ""))


def test_events_as_json_are_the_ledger_s_own():
    assert [event["kind"] for event in json.loads(run("--events", "--json"))] == [event.kind for event in EVENTS]
