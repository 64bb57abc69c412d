"""`fraud alerts` and `fraud label` over a small lake; only Kafka is left out."""

import json

import msgspec
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from fraud_platform.cli.main import app
from fraud_platform.core.time import day_start_ms
from fraud_platform.messages import personal
from fraud_platform.messages.arrow_schemas import PREDICTION
from fraud_platform.messages.reports import report_frame
from fraud_platform.messages.schemas import Label
from fraud_platform.operations import alerts as alerts_module
from fraud_platform.operations import reviews
from fraud_platform.pipeline import tables
from fraud_platform.settings import Settings
from fraud_platform.storage.key_sample import KeySpread
from fraud_platform.storage.lake import Lake
from fraud_platform_tests.support.feature_lake import FIRST_DAY as DAY
from fraud_platform_tests.support.hostile_text import HOSTILE, OBEYED

PRINTED = [text for text in HOSTILE if "\ud800" not in text]
"""Half a character is in no table: Arrow has none."""
NOW_MS = day_start_ms(DAY) + 3_600_000


def prediction(number: int, **changes: object) -> dict:
    """Row of serving/predictions: an alert on T{number} of C{number}, the likelier the higher the number."""
    return {
        "date": DAY,
        "kafka_partition": 0,
        "kafka_offset": number,
        "kafka_timestamp_ms": NOW_MS,
        "transaction_id": f"T{number}",
        "customer_id": f"C{number}",
        "event_time_ms": NOW_MS,
        "probability": number / 10,
        "threshold": 0.2,
        "is_fraud": number >= 2,
        "model_name": "test",
        "model_version": 3,
        "reasons": ["amount 900.00 is 6.0 times the mean, raises the risk"],
        "source_partition": 1,
        "source_offset": number,
        "scored_at_ms": NOW_MS,
        "merchant_risk_date": None,
        "feature_set": "f",
        "features": [],
    } | changes


@pytest.fixture
def lake(tmp_path, monkeypatch) -> Lake:
    """Six predictions, of which T2 to T5 are alerts; the features of T5 are there."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "250")
    made = Lake(Settings(_env_file=None, data_dir=tmp_path))
    rows = pa.Table.from_pylist([prediction(n) for n in range(6)], PREDICTION)
    made.replace_days(tables.PREDICTIONS, rows, DAY, DAY)
    features = {
        "date": [DAY],
        "kafka_partition": pa.array([1], pa.int32()),
        "kafka_offset": [5],
        "transaction_id": ["T5"],
        "customer_id": ["C5"],
        tables.AMOUNT: [900.0],
    }
    made.replace_days(tables.FEATURES, pa.table(features), DAY, DAY)
    return made


@pytest.fixture(autouse=True)
def labels(monkeypatch) -> list[Label]:
    """What the labels topic has; `fraud label` adds to it."""
    topic: list[Label] = []

    def write_one(settings: Settings, name: str, key: bytes, value: bytes, partition: int) -> None:
        topic.append(msgspec.json.decode(value, type=Label))

    monkeypatch.setattr(alerts_module, "reports_since", lambda settings, since_ms: report_frame(topic))
    monkeypatch.setattr(reviews, "_newest_keys", lambda settings, transaction_id: set())
    monkeypatch.setattr(reviews, "key_spread", lambda settings, topic: KeySpread("murmur2", 2))
    monkeypatch.setattr(reviews, "write_one", write_one)
    return topic


def run(*arguments: str):
    return CliRunner().invoke(app, arguments)


def listed(*options: str) -> list[dict]:
    result = run("alerts", "--json", *options)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def report(number: int, **changes: object) -> Label:
    given = {"transaction_id": f"T{number}", "key": f"C{number}", "is_fraud": True, "reported_at_ms": NOW_MS}
    return Label(schema_version=1, **(given | changes))


def test_alerts_of_the_newest_day_come_with_the_most_probable_first(lake):
    found = listed()
    assert [alert["transaction_id"] for alert in found] == ["T5", "T4", "T3", "T2"]
    assert found[0] | {"reasons": []} == {
        "transaction_id": "T5",
        "customer_id": "C5",
        "event_time_ms": NOW_MS,
        "probability": 0.5,
        "threshold": 0.2,
        "model_version": 3,
        "amount": 900.0,
        "reasons": [],
        "reported_fraud": None,
        "reported_by": None,
    }
    assert found[1]["amount"] is None
    assert [alert["transaction_id"] for alert in listed("--top", "1", "--day", str(DAY))] == ["T5"]


def test_a_day_without_alerts_has_none_and_text_that_is_no_day_is_one_line(lake):
    assert listed("--day", "2026-01-01") == []
    result = run("alerts", "--day", "yesterday")
    assert result.exit_code == 2 and "'yesterday' is no day" in result.stderr


def test_without_predictions_the_way_out_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "empty"))
    result = run("alerts")
    assert result.exit_code == 2 and "materialise scored_transactions first" in result.stderr


def test_a_review_closes_an_alert_and_a_chargeback_outranks_it(lake, labels):
    assert run("label", "T4", "--legitimate", "--by", "ann", "--note", "customer called").exit_code == 0
    (sent,) = labels
    assert (sent.transaction_id, sent.key, sent.is_fraud, sent.source, sent.reviewer, sent.note) == (
        "T4", "C4", False, "review", "ann", "customer called",
    )  # fmt: skip
    by_id = {alert["transaction_id"]: alert for alert in listed()}
    assert (by_id["T4"]["reported_fraud"], by_id["T4"]["reported_by"]) == (False, "review")
    assert [alert["transaction_id"] for alert in listed("--open")] == ["T5", "T3", "T2"]
    labels.append(report(4))
    by_id = {alert["transaction_id"]: alert for alert in listed()}
    assert (by_id["T4"]["reported_fraud"], by_id["T4"]["reported_by"]) == (True, "chargeback")


def test_reports_of_the_lake_count_with_those_of_the_topic(lake, labels):
    stored = {
        "date": [DAY, DAY],
        "kafka_partition": pa.array([0, 0], pa.int32()),
        "kafka_offset": [0, 1],
        "transaction_id": ["T5", "T3"],
        "customer_id": pa.array(["C5", None], pa.string()),
        "source": pa.array(["review", None], pa.string()),
        "is_fraud": [True, True],
        "reported_at_ms": [NOW_MS, NOW_MS],
    }
    lake.replace_days(tables.LABELS, pa.table(stored), DAY, DAY)
    labels.append(report(2, source="chargeback"))
    assert [alert["transaction_id"] for alert in listed("--open")] == ["T4"]


def test_a_report_that_could_be_anothers_closes_nothing(lake, labels):
    other = DAY.replace(day=DAY.day + 1)
    row = prediction(5, date=other, customer_id="C6", is_fraud=False)
    lake.replace_days(tables.PREDICTIONS, pa.Table.from_pylist([row], PREDICTION), other, other)
    labels.append(report(5, key=None))
    assert "T5" in [alert["transaction_id"] for alert in listed("--open", "--day", str(DAY))]


def test_an_ambiguous_id_is_refused_with_the_candidates_and_nothing_is_sent(lake, labels):
    other = DAY.replace(day=DAY.day + 1)
    lake.replace_days(
        tables.PREDICTIONS,
        pa.Table.from_pylist([prediction(5, date=other, customer_id="C6")], PREDICTION),
        other,
        other,
    )
    result = run("label", "T5", "--fraud")
    assert result.exit_code == 2 and "one of several, C5, C6: say whose with --key" in result.stderr
    assert labels == []
    assert run("label", "T5", "--fraud", "--key", "C6").exit_code == 0
    assert labels[0].key == "C6" and labels[0].is_fraud


def test_a_verdict_has_to_be_said(lake):
    assert run("label", "T5").exit_code == 2


@pytest.mark.parametrize("text", PRINTED, ids=range(len(PRINTED)))
def test_no_text_of_a_message_reaches_the_terminal_as_it_is(lake, text):
    row = prediction(5, transaction_id=text, customer_id=text, reasons=[text])
    lake.replace_days(tables.PREDICTIONS, pa.Table.from_pylist([row], PREDICTION), DAY, DAY)
    for result in (run("alerts"), run("alerts", "--json"), run("label", text, "--fraud")):
        assert not OBEYED.search(result.output), result.output


def test_a_person_sees_reasons_and_what_is_open(lake):
    shown = run("alerts", "--open", "--top", "2").stdout
    assert f"4 open alerts of {DAY}, 2 shown" in shown
    assert "T5" in shown and "900.00" in shown and "amount 900.00 is 6.0 times the mean" in shown


def test_a_personal_key_is_masked_for_a_person(lake, monkeypatch):
    monkeypatch.setattr(personal, "is_personal", lambda field: True)
    row = prediction(5, customer_id="4111111111111111")
    lake.replace_days(tables.PREDICTIONS, pa.Table.from_pylist([row], PREDICTION), DAY, DAY)
    lake.delete(tables.FEATURES)
    for result in (run("alerts"), run("label", "T5", "--fraud"), run("label", "T5", "--fraud", "--key", "C9")):
        assert "…1111" in result.output and "4111" not in result.output
