"""Sending a schedule: topics, keys, timestamps, pace, stopping, and messages that Kafka does not take."""

import time
from collections.abc import Sequence
from threading import Event
from typing import Any

import pytest

from fraud_platform.errors import ServiceUnavailableError
from fraud_platform.feeding.feed import FeedReport, send
from fraud_platform.feeding.messages import Message
from fraud_platform.feeding.pacing import AsFastAsPossible, FixedRate, Pace, RealTime
from fraud_platform.settings import load_settings
from fraud_platform_tests.support.fake_producer import FakeProducer

SETTINGS = load_settings(kafka_topic="tx", kafka_labels_topic="lab")


def message(send_ms: int, kind: Any = "transaction", name: str = "t") -> Message:
    return Message(send_ms, kind, name, name.encode(), b"{}")


def feed(producer: FakeProducer, messages: list[Message], pace: Pace | None = None, **options: Any) -> FeedReport:
    options.setdefault("stop", Event())
    return send(producer, SETTINGS, [messages], pace or AsFastAsPossible(), **options)  # type: ignore[arg-type]


def test_labels_and_transactions_go_to_their_topics_with_their_own_times() -> None:
    producer = FakeProducer()
    feed(producer, [message(10), message(20, "label")])
    assert [(p.topic, p.timestamp) for p in producer.produced] == [("tx", 10), ("lab", 20)]
    assert producer.flushed


def test_the_report_counts_every_kind() -> None:
    kinds = ["transaction", "late", "late", "duplicate", "malformed", "label", "label"]
    report = feed(FakeProducer(), [message(i, kind) for i, kind in enumerate(kinds)])
    assert (report.transactions, report.late, report.duplicates, report.malformed, report.labels) == (3, 2, 1, 1, 2)
    assert report.messages == len(kinds)


def test_a_full_queue_delays_messages_but_loses_none() -> None:
    producer = FakeProducer(room=3)
    feed(producer, [message(i) for i in range(20)])
    assert [p.timestamp for p in producer.produced] == list(range(20))


def test_a_refused_message_is_an_error_with_its_reason() -> None:
    with pytest.raises(ServiceUnavailableError, match=r"did not take 1 messages \(Broker: Invalid timestamp\)"):
        feed(FakeProducer(refused_key=b"bad"), [message(1), message(2, name="bad")])


def test_messages_left_in_the_queue_are_an_error() -> None:
    with pytest.raises(ServiceUnavailableError, match="did not take 4 messages"):
        feed(FakeProducer(stuck=4), [message(1)])


def test_a_stop_ends_the_feed_with_what_was_sent_delivered_and_counted() -> None:
    producer, stop = FakeProducer(), Event()
    report = feed(producer, [message(i) for i in range(20_000)], stop=stop, on_sent=lambda run, at: stop.set())
    assert 0 < report.transactions == len(producer.produced) < 20_000
    assert producer.flushed


def test_a_feed_interrupted_by_an_exception_still_delivers_what_was_sent() -> None:
    def interrupt(run: Sequence[Message], at: float) -> None:
        raise KeyboardInterrupt

    producer = FakeProducer()
    with pytest.raises(KeyboardInterrupt):
        feed(producer, [message(1)], on_sent=interrupt)
    assert producer.flushed


def test_the_caller_learns_when_each_transaction_was_sent() -> None:
    sent_at: dict[str, float] = {}
    before = time.time()
    feed(
        FakeProducer(),
        [message(i, name=f"t{i}") for i in range(3)],
        on_sent=lambda run, at: sent_at.update((m.transaction_id, at) for m in run),
    )
    assert list(sent_at) == ["t0", "t1", "t2"]
    assert all(before <= at <= time.time() for at in sent_at.values())


def test_a_fixed_rate_is_not_exceeded() -> None:
    started = time.monotonic()
    report = feed(FakeProducer(), [message(i) for i in range(51)], FixedRate(500))
    assert report.transactions == 51
    assert time.monotonic() - started >= 50 / 500


def test_live_messages_wait_for_their_time_and_carry_the_producers_clock() -> None:
    producer = FakeProducer()
    due_ms = int(time.time() * 1000) + 60
    feed(producer, [message(due_ms - 3_600_000), message(due_ms)], RealTime())
    overdue, waited_for = producer.produced
    assert overdue.timestamp >= due_ms - 60
    assert due_ms <= waited_for.timestamp <= time.time() * 1000
    assert overdue.timestamp <= waited_for.timestamp
