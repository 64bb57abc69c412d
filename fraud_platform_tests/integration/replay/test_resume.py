"""A replay that was stopped, killed or left by Kafka goes on exactly where it ended."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

import msgspec
import pytest

from fraud_platform.core.time import DAY_MS
from fraud_platform.errors import ServiceUnavailableError
from fraud_platform.feeding import sending
from fraud_platform.feeding.messages import Message
from fraud_platform.feeding.pacing import AsFastAsPossible
from fraud_platform.feeding.replaying import Replay
from fraud_platform.feeding.sending import FeedOutcome, FeedRun
from fraud_platform.feeding.state import locked_state
from fraud_platform.messages.partitioner import LIBRDKAFKA, partition_of
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import producer
from fraud_platform_tests.support.replayed_file import FIRST, MAPPING, ROWS, TODAY, messages, reports, rows, sent
from fraud_platform_tests.support.settings import stack_settings
from fraud_platform_tests.support.stack_cleanup import reaped_stack
from fraud_platform_tests.support.waiting import wait_until


def run(
    settings: Settings, file: Path, *, resume: bool, at: int | None = None, then: Callable[[], object] | None = None
) -> FeedOutcome:
    """A replay in this process to which something happens once so many messages went out: it is asked to stop, or…"""
    stop, count = Event(), 0

    def on_sent(run: Sequence[Message], _: float) -> None:
        nonlocal count
        before, count = count, count + len(run)
        if at is not None and before < at <= count:
            (then or stop.set)()

    asked = Replay(settings, [file], str(file.with_suffix(".yaml")), flush_labels=True)
    with locked_state(settings) as state:
        asked.begun(state.read(), resume)
        feed = FeedRun(settings, state, asked.feed("fraud replay …"), InSteps(), resume=resume)
        return feed.send(stop, on_sent)


def crash() -> None:
    """As a kill: not a word is written down."""
    raise KeyboardInterrupt


class InSteps(AsFastAsPossible):
    def due(self, messages, start: int) -> int:
        return min(len(messages), start + 100)


def assert_complete(settings: Settings) -> None:
    assert sorted(sent(settings)) == sorted(rows()["id"])
    assert reports(settings) == Counter(rows().query("fraud == 1")["id"])
    for topic in (settings.kafka_topic, settings.kafka_labels_topic):
        for partition in range(2):
            times = [m.timestamp()[1] for m in messages(settings, topic) if m.partition() == partition]
            assert times == sorted(times)


def test_a_replay_goes_on_where_it_was_stopped_and_says_how(settings, replay, file, monkeypatch):
    outcome: FeedOutcome = run(settings, file, resume=False, at=1_000)
    assert not outcome.is_finished and 1_000 <= outcome.report.messages < ROWS
    refused = replay("--flush-labels")
    assert refused.exit_code == 2 and "'fraud replay … --resume' sends the rest" in refused.stderr
    other = replay("--resume")
    assert other.exit_code == 2 and "another feed" in other.stderr
    result = replay("--flush-labels", "--resume")
    assert result.exit_code == 0, result.output
    assert f"{outcome.report.messages:,} messages had been sent before" in result.stdout
    assert_complete(settings)
    assert "nothing is resumed" in replay("--flush-labels", "--resume").stderr


def test_a_replay_that_ended_without_a_last_word_goes_on_exactly_again_and_again(settings, file):
    for number in (1_000, 500, 700):
        with pytest.raises(KeyboardInterrupt):
            run(settings, file, resume=number != 1_000, at=number, then=crash)
    stranger = producer(settings)
    stranger.produce(settings.kafka_topic, b"{}", b"somebody", partition=0, timestamp=int(TODAY.timestamp() * 1000))
    assert stranger.flush(30) == 0
    outcome = run(settings, file, resume=True, at=300)
    assert outcome.sent_before == 2_200
    outcome = run(settings, file, resume=True)
    assert outcome.is_finished and outcome.sent_before == 2_500
    assert Counter(sent_by_us(settings)) == Counter(rows()["id"])
    assert reports(settings) == Counter(rows().query("fraud == 1")["id"])


def sent_by_us(settings: Settings) -> list[str]:
    ours = [m for m in messages(settings, settings.kafka_topic) if m.key() != b"somebody"]
    return [msgspec.json.decode(m.value())["transaction_id"] for m in ours]


def test_messages_that_are_missing_in_between_are_sent_and_no_other(settings, file, monkeypatch):
    """One partition's messages of a crashed run did not arrive, as where its leader was away."""

    def only_partition_one(settings):
        kafka = producer(settings)
        produce = kafka.produce

        class Lossy:
            def produce(self, topic, value, key, **options):
                if topic == settings.kafka_labels_topic or partition_of(key, 2) == 1:
                    produce(topic, value, key, **options)

            def __getattr__(self, name):
                return getattr(kafka, name)

        return Lossy()

    with monkeypatch.context() as patch:
        patch.setattr(sending, "feed_producer", only_partition_one)
        with pytest.raises(KeyboardInterrupt):
            run(settings, file, resume=False, at=1_500, then=crash)
    there = len(messages(settings, settings.kafka_topic))
    assert 0 < there < 1_500
    run(settings, file, resume=True, at=200)
    assert run(settings, file, resume=True).is_finished
    assert_complete(settings)


def test_a_killed_replay_goes_on_exactly(settings, replay, file, tmp_path):
    arguments = ["replay", str(file), "--mapping", str(tmp_path / "mine.yaml"), "--flush-labels", "--rate", "800"]
    process = subprocess.Popen([sys.executable, "-m", "fraud_platform.cli", *arguments])
    try:
        wait_until(lambda: len(messages(settings, settings.kafka_topic)) > 500, "some messages are sent")
    finally:
        process.kill()
        process.wait()
    result = replay("--flush-labels", "--rate", "100000", "--resume")
    assert result.exit_code == 0, result.output
    assert_complete(settings)


def test_a_replay_beside_a_client_of_the_other_partitioner_keeps_to_the_topics_hash(settings, file):
    other = producer(settings, partitioner=LIBRDKAFKA["crc32"])
    early_ms = int(FIRST.timestamp() * 1000) - DAY_MS
    for number in range(500):
        other.produce(settings.kafka_topic, b"{}", f"c{number}".encode(), timestamp=early_ms)
    assert other.flush(30) == 0
    with pytest.raises(KeyboardInterrupt):
        run(settings, file, resume=False, at=1_000, then=crash)
    java = producer(settings)
    java.produce(settings.kafka_topic, b"{}", b"c1", timestamp=int(TODAY.timestamp() * 1000))
    assert java.flush(30) == 0
    assert run(settings, file, resume=True).is_finished
    ours = [m for m in messages(settings, settings.kafka_topic) if m.value() != b"{}"]
    assert sorted(msgspec.json.decode(m.value())["transaction_id"] for m in ours) == sorted(rows()["id"])
    assert all(m.partition() == partition_of(m.key(), 2, "crc32") for m in ours)


def test_two_feeds_of_one_topic_do_not_run_side_by_side(settings, replay):
    with locked_state(settings):
        result = replay()
    assert result.exit_code == 2 and "wait for its end" in result.stderr


def test_a_replay_under_which_kafka_dies_says_how_far_it_came_and_goes_on_exactly(tmp_path, monkeypatch):
    settings = stack_settings(tmp_path, start_date="2020-01-01")
    monkeypatch.setattr("fraud_platform.feeding.feed.DELIVERY_TIMEOUT_SECONDS", 4)
    file = tmp_path / "mine.csv"
    rows().to_csv(file, index=False)
    file.with_suffix(".yaml").write_text(MAPPING)
    with reaped_stack(settings) as stack:
        stack.up(services=["kafka"])
        with pytest.raises(ServiceUnavailableError, match=r"stopped after [0-9,]+ messages .*--resume"):
            run(settings, file, resume=False, at=1_000, then=stack.down)
        stack.up(services=["kafka"])
        outcome = run(settings, file, resume=True)
        assert outcome.is_finished
        assert_complete(settings)
