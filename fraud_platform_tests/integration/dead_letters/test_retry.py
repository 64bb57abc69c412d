"""`fraud dlq retry` on a real broker: where a letter goes, who sent it and why, and that none is sent twice."""

import json

import pytest
from confluent_kafka import Message
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from fraud_platform.errors import DeadLetterError
from fraud_platform.operations import dead_letter_retry
from fraud_platform.operations.dead_letter_retry import Resender
from fraud_platform.operations.dead_letters import all_letters, letters_of, retries
from fraud_platform.operations.ledger import settled_events
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import admin_client, any_reader, producer
from fraud_platform.storage.kafka_offsets import read_range, watermarks
from fraud_platform_tests.support.dead_letter_topic import DAY_MS, fraud, messages, now_ms, reject, sent, transaction


def report(settings: Settings, value: bytes, key: bytes = b"t1") -> None:
    kafka = producer(settings)
    kafka.produce(settings.kafka_labels_topic, value, key)
    assert kafka.flush(30) == 0


def reports(settings: Settings) -> list[Message]:
    with any_reader(settings) as consumer:
        topic = settings.kafka_labels_topic
        return [m for m in read_range(consumer, topic, watermarks(consumer, topic)) if m.error() is None]


def test_a_rejected_report_is_a_letter_that_is_mended_and_sent_to_the_labels_once(settings):
    good = {"schema_version": 1, "transaction_id": "t1", "is_fraud": True, "reported_at_ms": now_ms()}
    report(settings, json.dumps(good).encode())
    report(settings, json.dumps(good | {"is_fraud": "yes"}).encode())
    report(settings, b"[")
    listed = json.loads(fraud("list", "--json").stdout)
    assert {x["letter"]: (x["kind"], x["field"]) for x in listed if x["kind"] == "report"} == {
        "report-0-1": ("report", "is_fraud"),
        "report-0-2": ("report", "value"),
    }
    assert len(listed) == 6 and "report-0-1" in fraud("list").stdout
    refused = fraud("retry", "report-0-1", "--reason", "as it is")
    assert refused.exit_code == 2 and "would be rejected again (is_fraud" in refused.stderr
    assert fraud("show", "report-0-0").exit_code == 2, "it was accepted"
    mended = json.loads(fraud("show", "report-0-1", "--set", "is_fraud=false", "--json").stdout)
    assert mended["fault_mended"] is None and mended["key_mended"] == "t1"

    sent_again = fraud("retry", "report-0-1", "--set", "is_fraud=false", "--reason", "the bank's form", "--by", "ann")
    assert sent_again.exit_code == 0, sent_again.stderr
    again = fraud("retry", "--all", "--set", "is_fraud=false", "--field", "is_fraud", "--reason", "again")
    assert again.stdout.startswith("0 sent again")
    last = reports(settings)[-1]
    assert json.loads(last.value()) == good | {"is_fraud": False}
    assert (last.key(), dict(last.headers())["dead_letter"]) == (b"t1", b"report-0-1")
    assert len(reports(settings)) == 4 and sent(settings) == []
    assert retries(settled_events(settings))["report-0-1"].by == "ann"
    assert [x["letter"] for x in json.loads(fraud("list", "--waiting", "--field", "value", "--json").stdout)][:1] == [
        "report-0-2"
    ]


def test_letters_are_listed_mended_and_sent_once_with_who_and_why(settings):
    listed = json.loads(fraud("list", "--json").stdout)
    assert [x["letter"] for x in listed] == ["0-3", "0-2", "0-1", "0-0"]
    assert [x["fault_today"] is None for x in listed] == [False, False, True, True]
    assert "4 of at most 4 (value 3, country 1)" in fraud("list").stdout

    result = fraud("retry", "0-2", "--set", "country=DE", "--reason", "lower case", "--by", "ann")
    assert result.exit_code == 0, result.stderr
    assert fraud("retry", "--all", "--set", "amount=2", "--reason", "new release", "--by", "bob").exit_code == 0
    assert fraud("retry", "--all", "--reason", "again", "--by", "bob").stdout.startswith("0 sent again")
    assert sent(settings) == ["t2", "t0", "t1"]
    audit = retries(settled_events(settings))
    assert {name: (e.by, e.reason) for name, e in audit.items()} == {
        "0-2": ("ann", 'lower case (country="DE")'),
        "0-0": ("bob", "new release (amount=2)"),
        "0-1": ("bob", "new release (amount=2)"),
    }
    assert json.loads(fraud("show", "0-2", "--json").stdout)["retried_by"] == "ann"
    assert [x["letter"] for x in json.loads(fraud("list", "--waiting", "--json").stdout)] == ["0-3"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["retry", "0-3", "--reason", "x"], "0-3 would be rejected again (value: "),
        (["retry", "0-3", "--set", "amount=2", "--reason", "x"], "0-3 is no JSON object"),
        (["retry", "0-0", "--set", "amount=2", "--unset", "amount", "--reason", "x"], "both set and left out"),
        (["retry", "0-0", "0-2", "--reason", "x"], "0-2 would be rejected again (country: "),
        (["retry", "0-9", "--reason", "x"], "there is no dead letter 0-9"),
        (["show", "0-9"], "there is no dead letter 0-9"),
        (["show", "7-0"], "there is no dead letter 7-0"),
        (["show", "[/x]\x1b[2J"], r"there is no dead letter [/x]\x1b[2J"),
        (["retry", "--reason", "x"], "name letters, or give --all"),
        (["list", "--since", "soon"], "neither an age such as 12h nor a time"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_nothing_is_sent(settings, arguments, complaint):
    result = fraud(*arguments)
    assert result.exit_code == 2
    assert complaint in result.stderr
    assert sent(settings) == []


def test_a_letter_goes_once_though_one_run_was_killed_and_two_were_at_it_at_the_same_time(settings):
    (letter,) = letters_of(settings, ["0-0"])
    killed = Resender(settings)
    killed._producer.begin_transaction()
    killed._produce([killed.prepare(letter)], now_ms())
    killed._producer.flush(30)  # at the broker, and never committed

    first, second = Resender(settings), Resender(settings)
    second.send([second.prepare(letter)], by="bob", reason="at the same time")
    with pytest.raises(DeadLetterError, match="another 'fraud dlq retry' was started"):
        first.send([first.prepare(letter)], by="ann", reason="at the same time")
    with pytest.raises(DeadLetterError, match="0-0 was sent again already"):
        Resender(settings).prepare(letter)
    assert sent(settings) == ["t0"]


def test_all_of_many_go_in_several_transactions(make_dlq_settings, monkeypatch):
    monkeypatch.setattr(dead_letter_retry, "MOST_AT_ONCE", 3)
    settings = make_dlq_settings(kafka_partitions=2)
    reject(settings, *((f"c{n}".encode(), transaction(n, now_ms()), {}) for n in range(10)))
    assert len(list(all_letters(settings))) == 10
    assert len(json.loads(fraud("retry", "--all", "--reason", "x", "--json").stdout)) == 10
    assert sorted(sent(settings)) == sorted(f"t{n}" for n in range(10))
    assert fraud("retry", "--all", "--reason", "x").stdout.startswith("0 sent again")


def test_numbers_that_are_none_are_mended(make_dlq_settings):
    settings = make_dlq_settings(kafka_partitions=1)
    broken = transaction(0, now_ms(), latitude=float("nan"))
    reject(settings, (b"c0", broken, {}), (b"c0", transaction(1, now_ms(), amount=float("inf")), {}))
    assert fraud("retry", "0-0", "--reason", "x").exit_code == 2
    shown = json.loads(fraud("show", "0-0", "--unset", "latitude", "--json").stdout)
    assert shown["fault_today"] == "latitude: is not a finite number: NaN" and shown["fault_mended"] is None
    assert fraud("retry", "0-0", "--unset", "latitude", "--reason", "x").exit_code == 0
    assert fraud("retry", "0-1", "--set", "amount=3", "--reason", "x").exit_code == 0
    assert sent(settings) == ["t0", "t1"]


@pytest.fixture
def old(make_dlq_settings) -> tuple[Settings, int]:
    """Settings, and the time of the one letter: 30 days ago."""
    settings = make_dlq_settings(kafka_partitions=1)
    at_ms = now_ms() - 30 * DAY_MS
    reject(settings, (b"c0", transaction(0, at_ms - 60_000), {"source_timestamp_ms": str(at_ms)}))
    return settings, at_ms


def test_an_old_letter_goes_with_the_time_that_it_had_and_the_ledger_says_so(old):
    settings, at_ms = old
    result = fraud("retry", "0-0", "--reason", "x")
    assert result.exit_code == 2 and "--original-time" in result.stderr
    assert fraud("retry", "--all", "--reason", "x").stdout.startswith("0 sent again")
    assert fraud("retry", "0-0", "--original-time", "--reason", "review").exit_code == 0
    (message,) = messages(settings)
    assert message.timestamp()[1] == at_ms
    headers = dict(message.headers())
    assert headers["dead_letter"] == b"0-0" and abs(int(headers["retried_at_ms"]) - now_ms()) < 60_000
    (event,) = retries(settled_events(settings)).values()
    assert event.reason.startswith("review (with its own time 20")


def test_where_the_topic_takes_no_old_time_nothing_is_sent(old):
    settings, _ = old
    resource = ConfigResource(
        ResourceType.TOPIC,
        settings.kafka_topic,
        incremental_configs=[
            ConfigEntry("message.timestamp.before.max.ms", str(DAY_MS), incremental_operation=AlterConfigOpType.SET)
        ],
    )
    admin = admin_client(settings)
    for changed in admin.incremental_alter_configs([resource]).values():
        changed.result(30)
    result = fraud("retry", "0-0", "--original-time", "--reason", "review")
    assert result.exit_code == 2 and "Kafka refuses the letters, and none was sent" in result.stderr
    assert sent(settings) == [] and retries(settled_events(settings)) == {}
