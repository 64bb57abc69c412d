"""A letter that is sent again, and what is fed, go to the partition of the customer's history."""

from collections.abc import Iterator

import msgspec
import pytest

from fraud_platform.feeding.feed import feed_producer
from fraud_platform.messages.partitioner import LIBRDKAFKA
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import producer
from fraud_platform_tests.support.dead_letter_topic import fraud, messages, now_ms, reject, transaction
from fraud_platform_tests.support.java_kafka_client import kafka_jvm


@pytest.fixture(scope="module")
def java(service_settings) -> Iterator[object]:
    with kafka_jvm(service_settings) as gateway:
        yield gateway.jvm


def send_from_java(java, settings: Settings, values: dict[str, bytes]) -> None:
    """Customer → transaction, as a service in Java would send them."""
    properties = java.java.util.Properties()
    properties.put("bootstrap.servers", settings.kafka_broker)
    properties.put("metadata.max.age.ms", "1000")  # leaders of a topic just made may become known one by one
    for name in ("key", "value"):
        properties.put(f"{name}.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer")
    kafka = java.org.apache.kafka.clients.producer.KafkaProducer(properties)
    record = java.org.apache.kafka.clients.producer.ProducerRecord
    sent = [kafka.send(record(settings.kafka_topic, customer.encode(), value)) for customer, value in values.items()]
    kafka.close()
    for acknowledgement in sent:
        acknowledgement.get()  # raises what kept a message from Kafka


def histories(first: int = 0) -> dict[str, bytes]:
    return {f"c{n}": transaction(n, now_ms()) for n in range(first, first + 120)}


def partitions_by_customer(settings: Settings) -> dict[str, set[int]]:
    places: dict[str, set[int]] = {}
    for message in messages(settings):
        places.setdefault(msgspec.json.decode(message.value())["customer_id"], set()).add(message.partition())
    return places


def write(settings: Settings, writer: str, java) -> None:
    if writer == "java":
        send_from_java(java, settings, histories())
        return
    kafka = producer(settings, partitioner=LIBRDKAFKA["crc32"])
    for customer, value in histories().items():
        # The last kind has a partitioner that nobody knows.
        by_hand = {"partition": int(customer[1:]) * 7 % 5} if writer == "by hand" else {}
        kafka.produce(settings.kafka_topic, value, customer, **by_hand)
    assert kafka.flush(30) == 0


@pytest.mark.parametrize("writer", ["java", "a former release", "by hand"])
def test_a_letter_joins_its_customer_s_history_whoever_wrote_it(make_dlq_settings, java, writer):
    settings = make_dlq_settings(kafka_partitions=5)
    write(settings, writer, java)
    places = partitions_by_customer(settings)
    letters = []
    for n in range(0, 120, 3):
        (home,) = places[f"c{n}"]
        key = None if writer != "by hand" and n % 2 else f"c{n}".encode()
        letters.append((key, transaction(n, now_ms(), transaction_id=f"again{n}"), {"source_partition": str(home)}))
    reject(settings, *letters)
    assert fraud("retry", "--all", "--reason", "x").stdout.strip().endswith("see 'fraud dlq list'")
    assert len(messages(settings)) == 120 + len(letters)
    assert partitions_by_customer(settings) == places


@pytest.mark.parametrize("writer", ["java", "a former release"])
def test_what_is_fed_later_follows_the_topic_s_hash(make_dlq_settings, java, writer):
    settings = make_dlq_settings(kafka_partitions=5)
    write(settings, writer, java)
    places = partitions_by_customer(settings)
    kafka = feed_producer(settings)
    for customer, value in histories().items():
        kafka.produce(settings.kafka_topic, value, customer)
    assert kafka.flush(30) == 0
    assert partitions_by_customer(settings) == places
