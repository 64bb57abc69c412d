"""A ledger that others have written to: every reader goes on."""

import msgspec
import pytest
from confluent_kafka import TopicPartition

from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.operations.deployment_history import deployments
from fraud_platform.operations.ledger import last_champion, ledger_lines, scorer_events, settled_events, write_event
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import admin_client, producer

EVENT = {"kind": "model_loaded", "scorer_id": "s", "at_ms": 5, "model_version": 3, "from_offsets": {"0": 10}}
NO_EVENTS = [
    None,
    b"",
    b"garbage",
    b"\xff\xfe",
    b"null",
    b"[]",
    b"[" * 50_000,
    b'{"kind":"started"}',
    b'{"kind":"started","scorer_id":"s","at_ms":1,"x":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    *(
        msgspec.json.encode(EVENT | changed)
        for changed in (
            {"kind": "invented"},
            {"kind": "\x1b[2J" * 1000},
            {"scorer_id": "s" * 900_000},
            {"at_ms": -1},
            {"at_ms": 2**62},
            {"at_ms": "5"},
            {"model_version": None},
            {"model_version": 0},
            {"model_version": 2**40},
            {"from_offsets": {"zero": 1}},
            {"from_offsets": {"-1": 1}},
            {"from_offsets": {"²": 1}},
            {"from_offsets": {"0": -1}},
            {"from_offsets": [1]},
        )
    ),
]


@pytest.fixture
def settings(make_scorer_settings) -> Settings:
    return make_scorer_settings()


def test_lines_that_are_no_events_are_skipped_by_every_reader_and_named_once(settings, caplog):
    kafka = producer(settings)
    for value in NO_EVENTS:
        kafka.produce(settings.kafka_events_topic, value, b"s")
    assert kafka.flush(30) == 0
    of_a_newer_release = msgspec.json.encode(EVENT | {"a field": {"of": ["a newer release"]}})
    kafka.produce(settings.kafka_events_topic, of_a_newer_release, b"s")
    assert kafka.flush(30) == 0
    event = msgspec.convert(EVENT, ScorerEvent)
    write_event(settings, event)
    first = len(NO_EVENTS)
    assert ledger_lines(settings) == [(first, event), (first + 1, event)]
    assert ledger_lines(settings, from_offset=first + 1) == [(first + 1, event)]
    assert scorer_events(settings) == settled_events(settings) == [event, event]
    assert last_champion(settings).model_version == 3
    assert [deployment.version for deployment in deployments(scorer_events(settings))] == [3]
    named = [text for text in caplog.messages if "no records" in text]
    assert len(named) == 1
    assert f"{len(NO_EVENTS)} messages of {settings.kafka_events_topic}" in named[0] and named[0].isprintable()


def test_lines_that_kafka_has_deleted_are_not_waited_for(settings):
    event = msgspec.convert(EVENT, ScorerEvent)
    write_event(settings, event)
    write_event(settings, event)
    admin = admin_client(settings)
    (deleted,) = admin.delete_records([TopicPartition(settings.kafka_events_topic, 0, 1)]).values()
    deleted.result(30)
    assert ledger_lines(settings) == [(1, event)]
    assert ledger_lines(settings, from_offset=9) == []
