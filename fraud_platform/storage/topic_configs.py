"""Configurations of topics: what they are, and Kafka's own command that changes them."""

from collections.abc import Mapping, Sequence

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from fraud_platform.settings import Settings

REQUEST_TIMEOUT_SECONDS = 15


def topic_configs(admin: AdminClient, topics: Sequence[str]) -> dict[str, dict[str, str]]:
    """Topic → its configuration by name, of those that exist and whose configuration may be seen."""
    resources = [ConfigResource(ResourceType.TOPIC, topic) for topic in topics]
    found = {}
    for resource, future in admin.describe_configs(resources, request_timeout=REQUEST_TIMEOUT_SECONDS).items():
        try:
            found[resource.name] = {name: entry.value for name, entry in future.result().items()}
        except KafkaException:  # no right to see it, or not there: nothing that would keep anybody from reading
            continue
    return found


def set_configuration(settings: Settings, topic: str, changes: Mapping[str, str]) -> str:
    """The command that changes a topic that exists."""
    pairs = ",".join(f"{name}={value}" for name, value in changes.items())
    return (
        f"{kafka_command(settings, 'kafka-configs.sh')} --alter --entity-type topics --entity-name {topic} "
        f"--add-config {pairs}"
    )


def kafka_command(settings: Settings, script: str) -> str:
    """One of Kafka's scripts with the address and, where the cluster asks for a login, the file that has it."""
    login = "" if settings.kafka_security_protocol == "PLAINTEXT" else " --command-config client.properties"
    return f"{script} --bootstrap-server {settings.kafka_broker}{login}"
