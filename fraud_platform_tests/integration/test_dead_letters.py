"""`fraud dlq` on a real broker: what is listed, and that no letter is sent twice."""

import json

import msgspec
import pytest
from typer.testing import CliRunner, Result

from fraud_platform.cli.main import app
from fraud_platform.errors import DeadLetterError
from fraud_platform.local.environment import environment
from fraud_platform.settings import Settings
from fraud_platform.storage.dead_letters import Letter, dead_letters, retries
from fraud_platform.storage.kafka import committed_reader, create_topics, producer, read_range, watermarks
from fraud_platform.storage.ledger import scorer_events
from fraud_platform.storage.resending import Resender

NOW_MS = 1_790_000_000_000


def transaction(number: int, event_time_ms: int, **changes: object) -> bytes:
    ids = {"transaction_id": f"t{number}", "customer_id": f"c{number}", "merchant_id": "m"}
    return msgspec.json.encode({"schema_version": 1, **ids, "event_time_ms": event_time_ms, "amount": 1.0, **changes})


@pytest.fixture
def settings(broker, make_settings, monkeypatch) -> Settings:
    """Four letters: two that fit by now, one with a bad country, one that is no JSON."""
    import time

    made = make_settings(kafka_partitions=1)
    create_topics(made)
    for name, value in environment(made).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "200")
    now_ms = time.time_ns() // 1_000_000
    values = [transaction(0, now_ms), transaction(1, now_ms), transaction(2, now_ms, country="de"), b"{"]
    kafka = producer(made)
    for number, value in enumerate(values):
        place = {"source_topic": made.kafka_topic, "source_partition": "0", "source_offset": str(number)}
        fault = {"source_timestamp_ms": str(now_ms), "field": "country" if number == 2 else "value", "reason": "is bad"}
        kafka.produce(made.kafka_dead_letter_topic, value, f"c{number}", headers=place | fault)
    assert kafka.flush(30) == 0
    return made


def sent(settings: Settings) -> list[str]:
    with committed_reader(settings) as consumer:
        messages = read_range(consumer, settings.kafka_topic, watermarks(consumer, settings.kafka_topic))
        return [msgspec.json.decode(m.value())["transaction_id"] for m in messages]


def letters(settings: Settings) -> list[Letter]:
    return list(dead_letters(settings).values())


def fraud(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["dlq", *arguments])


def test_letters_are_listed_mended_and_sent_once_with_who_and_why(settings):
    listed = json.loads(fraud("list", "--json").stdout)
    assert [x["letter"] for x in listed] == ["0-0", "0-1", "0-2", "0-3"]
    assert [x["fault_today"] is None for x in listed] == [True, True, False, False]
    assert "4 in all (value 3, country 1)" in fraud("list").stdout

    result = fraud("retry", "0-2", "--set", "country=DE", "--reason", "lower case", "--by", "ann")
    assert result.exit_code == 0, result.stderr
    assert fraud("retry", "--all", "--set", "amount=2", "--reason", "new release", "--by", "bob").exit_code == 0
    assert fraud("retry", "--all", "--reason", "again", "--by", "bob").stdout.startswith("0 sent again")
    assert sent(settings) == ["t2", "t0", "t1"]
    audit = retries(scorer_events(settings))
    assert {name: (e.by, e.reason) for name, e in audit.items()} == {
        "0-2": ("ann", "lower case"),
        "0-0": ("bob", "new release"),
        "0-1": ("bob", "new release"),
    }
    assert json.loads(fraud("show", "0-2", "--json").stdout)["retried_by"] == "ann"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["retry", "0-3", "--reason", "x"], "0-3 would be rejected again (value: "),
        (["retry", "0-3", "--set", "amount=2", "--reason", "x"], "0-3 is no JSON object"),
        (["retry", "0-9", "--reason", "x"], "there is no dead letter 0-9"),
        (["show", "0-9"], "there is no dead letter 0-9"),
        (["retry", "--reason", "x"], "name letters, or give --all"),
    ],
)
def test_what_cannot_be_sent_is_one_line_and_nothing_is_sent(settings, arguments, complaint):
    result = fraud(*arguments)
    assert result.exit_code == 2
    assert complaint in result.stderr
    assert sent(settings) == []


def test_a_letter_goes_once_though_one_run_was_killed_and_two_were_at_it_at_the_same_time(settings):
    letter = letters(settings)[0]
    killed = Resender(settings)
    killed._producer.begin_transaction()
    killed._produce([letter], NOW_MS)
    killed._producer.flush(30)  # at the broker, and never committed

    first, second = Resender(settings), Resender(settings)
    second.send([letter], by="bob", reason="at the same time")
    with pytest.raises(DeadLetterError, match="another 'fraud dlq retry' was started"):
        first.send([letter], by="ann", reason="at the same time")
    with pytest.raises(DeadLetterError, match="0-0 was sent again already"):
        Resender(settings).send([letter], by="ann", reason="once more")
    assert sent(settings) == ["t0"]
