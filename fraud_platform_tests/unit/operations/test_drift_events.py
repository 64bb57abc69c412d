"""Drift in the ledger: once for each breach, and no promotion is held by it."""

from datetime import date, timedelta

import pyarrow as pa
import pytest

from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.operations import drift_events
from fraud_platform.operations.alert_rate import alarm
from fraud_platform.operations.drift_events import Breach, breaches, not_yet_told
from fraud_platform.operations.ledger import _fault, last_answer
from fraud_platform.pipeline import tables
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.lake import Lake, Table

DAY = date(2026, 3, 10)


def rows(drifted: dict[int, list[str]], version: int = 1, days: int = 6) -> list[dict]:
    """Rows of two features over some days; drifted: day → those that have drifted."""
    return [
        {
            "date": DAY + timedelta(days=n),
            "model_version": version,
            "feature": name,
            "drifted": name in drifted.get(n, []),
        }
        for n in range(days)
        for name in ("amount", "hour")
    ]


@pytest.mark.parametrize(
    ("drifted", "found"),
    [
        ({}, []),
        ({2: ["amount"]}, [(2, ("amount",))]),
        ({2: ["amount"], 3: ["amount"], 4: ["amount"]}, [(2, ("amount",))]),
        ({2: ["amount"], 3: ["amount", "hour"]}, [(2, ("amount",)), (3, ("hour",))]),
        ({1: ["hour"], 4: ["hour"]}, [(1, ("hour",)), (4, ("hour",))]),
        ({1: ["amount", "hour"]}, [(1, ("amount", "hour"))]),
    ],
)
def test_a_drift_that_goes_on_is_one_breach(drifted, found):
    told = breaches(rows(drifted), "feature_drift", "feature", DAY)
    assert [((breach.day - DAY).days, breach.names) for breach in told] == found


def test_what_began_before_is_not_told_of():
    assert breaches(rows({0: ["amount"], 1: ["amount"]}), "feature_drift", "feature", DAY + timedelta(days=1)) == []


def test_each_version_has_its_own_breaches():
    of_two = [*rows({1: ["hour"]}, 1), *rows({1: ["hour"]}, 2)]
    assert [b.model_version for b in breaches(of_two, "feature_drift", "feature", DAY)] == [1, 2]


def test_a_breach_is_told_of_once():
    breach = Breach("score_drift", 3, DAY, ("alerts",))
    other = breach._replace(asset="feature_drift")
    assert not_yet_told([breach, other], []) == [breach, other]
    assert not_yet_told([breach, other], [breach.event]) == [other]


def test_an_event_names_version_day_and_what_drifted():
    event = Breach("feature_drift", 3, DAY, tuple(f"f{n}" for n in range(12))).event
    assert (event.kind, event.model_version, event.day) == ("drift_detected", 3, "2026-03-10")
    assert event.reason.endswith("and 2 others left the reference of version 3 on 2026-03-10")
    assert _fault(event) is None


def test_a_drift_is_no_alarm_and_no_answer_of_the_scorer():
    event = Breach("score_drift", 3, DAY, ("alerts",)).event
    assert alarm([event]) is None
    raised = ScorerEvent(kind="alarm_raised", scorer_id="alert_rate", at_ms=0)
    assert alarm([raised, event]) is raised
    assert last_answer([event], 3, None) is None


def test_new_breaches_of_the_lake_are_written(tmp_path, monkeypatch, make_settings):
    settings = make_settings()
    lake, ledger = Lake(settings), []
    monkeypatch.setattr(drift_events, "scorer_events", lambda settings: ledger)
    monkeypatch.setattr(drift_events, "write_event", lambda settings, event: ledger.append(event))
    assert drift_events.tell_of_drift(settings, lake) == []
    today = drift_events.day_of(now_ms())
    made = [row | {"date": row["date"] - DAY + today - timedelta(days=5)} for row in rows({3: ["hour"]})]
    table = tables.FEATURE_DRIFT
    before = drift_events.drift_tables_version(lake)
    lake.replace_days(table, _table(made, table), made[0]["date"], made[-1]["date"])
    assert drift_events.drift_tables_version(lake) != before
    assert [breach.names for breach in drift_events.tell_of_drift(settings, lake)] == [("hour",)]
    assert drift_events.tell_of_drift(settings, lake) == []
    assert len(ledger) == 1


def _table(made: list[dict], table: Table) -> pa.Table:
    return pa.Table.from_pylist(made, schema=table.schema)
