"""A topic with other keys, or none, becomes one that the scorer can read: each message once, however often begun."""

import json
from collections import Counter
from threading import Event

import pytest
from confluent_kafka.admin import NewTopic
from typer.testing import CliRunner

from fraud_platform.cli.main import app
from fraud_platform.errors import ConfigurationError
from fraud_platform.local.environment import environment
from fraud_platform.messages.transactions import DECODER
from fraud_platform.operations.rekey import refuse_foreign_keys, rekey
from fraud_platform.storage.kafka import admin_client, producer
from fraud_platform_tests.support.bad_messages import EVENT_TIME_MS, valid
from fraud_platform_tests.support.kafka_outcome import is_all_visible, read
from fraud_platform_tests.support.waiting import wait_until

CUSTOMERS, EACH = 20, 60


@pytest.fixture
def settings(broker, make_scorer_settings):
    return make_scorer_settings()


@pytest.fixture
def source(settings):
    """A topic of three partitions whose messages have no key, or one that is not the customer's."""
    name = f"events-{settings.kafka_topic}"
    admin = admin_client(settings)
    admin.create_topics([NewTopic(name, 3)])[name].result()
    send(settings, name, 0)
    return name


def send(settings, topic, first):
    """Within a Kafka transaction, whose markers stand in the topic too."""
    kafka = producer(settings, **{"transactional.id": topic})
    kafka.init_transactions(30)
    kafka.begin_transaction()
    for number in range(first, first + CUSTOMERS * EACH):
        value = valid(transaction_id=f"T{number}", customer_id=f"C{number % CUSTOMERS}")
        key = None if number % 2 else b"another"
        kafka.produce(topic, value, key, headers=[("n", str(number).encode())], timestamp=EVENT_TIME_MS + number)
    kafka.produce(topic, b"no JSON", b"own", timestamp=EVENT_TIME_MS)
    kafka.commit_transaction(60)
    wait_until(lambda: is_all_visible(settings, topic), f"what was sent to {topic}")


def ids(settings) -> Counter:
    messages = [m for m in read(settings, settings.kafka_topic) if m.value() != b"no JSON"]
    return Counter(json.loads(m.value())["transaction_id"] for m in messages)


def test_every_message_is_there_once_with_its_declared_key(settings, source):
    done = rekey(settings, source, Event(), follow=False)
    assert done == (CUSTOMERS * EACH + 1, 1)
    messages = read(settings, settings.kafka_topic)
    found = DECODER.decode(*zip(*[(m.key(), m.value(), m.timestamp()[1]) for m in messages], strict=True))
    assert len(found.accepted) == CUSTOMERS * EACH and len(messages) == CUSTOMERS * EACH + 1
    for message in messages:
        if message.value() != b"no JSON":
            number = int(json.loads(message.value())["transaction_id"][1:])
            assert (message.timestamp()[1], message.headers()) == (EVENT_TIME_MS + number, [("n", b"%d" % number)])
    homes = {message.key(): message.partition() for message in messages}
    assert all(homes[message.key()] == message.partition() for message in messages)


def test_a_later_call_goes_on_where_the_last_one_ended(settings, source):
    rekey(settings, source, Event(), follow=False)
    assert rekey(settings, source, Event(), follow=False) == (0, 0)
    send(settings, source, 10_000)
    assert rekey(settings, source, Event(), follow=False).messages == CUSTOMERS * EACH + 1
    assert set(ids(settings).values()) == {1} and len(ids(settings)) == 2 * CUSTOMERS * EACH


def test_one_that_is_stopped_leaves_nothing_half_done(settings, source, monkeypatch):
    monkeypatch.setattr("fraud_platform.operations.rekey.AT_ONCE", 100)
    stop = Event()
    done = rekey(settings, source, stop, follow=True, on_written=lambda so_far: so_far.messages > 300 and stop.set())
    assert 300 < done.messages < CUSTOMERS * EACH
    rekey(settings, source, Event(), follow=False)
    assert set(ids(settings).values()) == {1} and len(ids(settings)) == CUSTOMERS * EACH


def test_a_topic_is_not_written_into_itself_and_has_to_be_there(settings):
    with pytest.raises(ConfigurationError, match="is KAFKA_TOPIC itself"):
        rekey(settings, settings.kafka_topic, Event(), follow=False)
    with pytest.raises(ConfigurationError, match="there is no topic nowhere"):
        rekey(settings, "nowhere", Event(), follow=False)


def test_the_command_tells_how_many_and_how_many_have_no_key(settings, source):
    result = CliRunner().invoke(app, ["rekey", source, "--json"], env=environment(settings))
    told = json.loads(result.stdout.strip().splitlines()[-1])
    assert told == {"messages": CUSTOMERS * EACH + 1, "without_key": 1, "stopped": False}


def test_a_scorer_refuses_a_topic_whose_keys_are_mostly_others_and_names_the_way_out(settings, source):
    as_is = settings.model_copy(update={"kafka_topic": source})
    with pytest.raises(ConfigurationError, match=f"have another key than their customer_id: .*fraud rekey {source}"):
        refuse_foreign_keys(as_is)
    rekey(settings, source, Event(), follow=False)
    refuse_foreign_keys(settings)
