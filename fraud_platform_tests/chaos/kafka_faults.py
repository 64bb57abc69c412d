"""What administrators and retention do to a broker: offsets of a group forgotten, a topic deleted and created anew."""

import socket
import struct

from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import admin_client
from fraud_platform.storage.message_times import BEFORE
from fraud_platform_tests.support.waiting import wait_until
from streaming.output.sink import consumer_group

_OFFSET_DELETE = 47
"""Of the Kafka protocol; librdkafka has the request, and its Python client does not."""


def delete_positions(settings: Settings, query_id: str, topic: str, partition: int) -> None:
    """What is left once a position has expired: the group has its others. For a broker that is alone in its cluster."""
    body = _string(consumer_group(settings, query_id)) + struct.pack(">i", 1) + _string(topic)
    body += struct.pack(">ii", 1, partition)
    request = struct.pack(">hhi", _OFFSET_DELETE, 0, 1) + _string("chaos") + body
    host, _, port = settings.kafka_broker.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=30) as broker, broker.makefile("rb") as answers:
        broker.sendall(struct.pack(">i", len(request)) + request)
        (size,) = struct.unpack(">i", answers.read(4))
        answer = answers.read(size)
    (error,) = struct.unpack_from(">h", answer, 4)
    (of_partition,) = struct.unpack(">h", answer[-2:])
    assert (error, of_partition) == (0, 0), f"Kafka's errors {error} and {of_partition}"


def _string(text: str) -> bytes:
    return struct.pack(">h", len(text)) + text.encode()


def take_any_past(settings: Settings) -> None:
    """Have the transactions topic take messages of any time in the past, as one of a release before 0.2 does."""
    entry = ConfigEntry(BEFORE, str(2**63 - 1), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, settings.kafka_topic, incremental_configs=[entry])
    admin = admin_client(settings)  # one that nobody holds never hears the broker's answer
    admin.incremental_alter_configs([resource])[resource].result(30)


def recreate(settings: Settings) -> None:
    """Delete the transactions topic, and create it anew as it was."""
    admin, topic = admin_client(settings), settings.kafka_topic
    resource = ConfigResource(ResourceType.TOPIC, topic)
    config = admin.describe_configs([resource])[resource].result(30)
    partitions = len(admin.list_topics(topic, timeout=30).topics[topic].partitions)
    admin.delete_topics([topic])[topic].result(30)
    wait_until(lambda: topic not in admin.list_topics(timeout=30).topics, f"the end of {topic}")
    kept = {name: config[name].value for name in ("retention.ms", BEFORE)}
    admin.create_topics([NewTopic(topic, partitions, config=kept)])[topic].result(30)
    wait_until(lambda: topic in admin.list_topics(timeout=30).topics, f"{topic} anew")
