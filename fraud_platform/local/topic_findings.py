"""What `fraud doctor` finds in the topics: where they lose messages, or have them where nobody looks for them."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from fraud_platform.core.time import DAY_MS, day_of
from fraud_platform.declared import FEATURE_SET
from fraud_platform.errors import FraudPlatformError
from fraud_platform.local import probes
from fraud_platform.local.finding import Finding
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import admin_client, committed_reader
from fraud_platform.storage.kafka_offsets import read_range, watermarks
from fraud_platform.storage.key_sample import KeySpread, key_spread
from fraud_platform.storage.message_times import RETENTION_MS, TYPE, limits, loose, mend
from fraud_platform.storage.topic_configs import kafka_command, set_configuration, topic_configs

RETENTION, RETENTION_BYTES, CLEANUP = "retention.ms", "retention.bytes", "cleanup.policy"
LETTER_DAYS = 7
"""Days in which somebody can look at a dead letter."""
Configs = Mapping[str, Mapping[str, str]]
"""Topic → its configuration, of those that may be seen."""


class Needed(NamedTuple):
    """How long a topic has to keep its messages."""

    days: int
    why: str


def topic_findings(settings: Settings) -> Iterator[Finding]:
    """Of the topics that exist; nothing where no broker answers or lets us look, which other findings say."""
    try:
        if not probes.kafka_answers(settings):
            return
        admin = admin_client(settings, probes.TIMEOUT_SECONDS)
        partitions = _partition_counts(settings, admin)
        configs = topic_configs(admin, settings.topics)
        yield from _or_well("partitions", _partitions(settings, partitions), "as many as their readers expect")
        yield from _or_well("retention", _retention(settings, configs), "as long as features and labels need")
        yield from _or_well("cleanup", _cleanup(settings, configs), "old messages go by age, and none by key")
        yield from _or_well("times", _times(settings, configs), "bounded by the topics", of="messages")
        for topic in (settings.kafka_topic, settings.kafka_labels_topic):
            if topic in partitions:
                yield from _first_day(settings, topic)
        if settings.kafka_topic in partitions:
            yield from keys_of(settings.kafka_topic, key_spread(settings, settings.kafka_topic))
    except (FraudPlatformError, KafkaException):
        return


def _or_well(what: str, found: Iterator[Finding], well: str, of: str = "topics") -> Iterator[Finding]:
    """The findings, or one that all is well."""
    faults = list(found)
    yield from faults or [Finding(f"{what} of {of}", True, f"{well}, where their configuration may be seen")]


def _partition_counts(settings: Settings, admin: AdminClient) -> dict[str, int]:
    """Of the platform's topics that exist."""
    present = admin.list_topics(timeout=probes.TIMEOUT_SECONDS).topics
    return {topic: len(present[topic].partitions) for topic in settings.topics if topic in present}


def _partitions(settings: Settings, counts: Mapping[str, int]) -> Iterator[Finding]:
    ledger, script = settings.kafka_events_topic, kafka_command(settings, "kafka-topics.sh")
    if counts.get(ledger, 1) > 1:
        yield Finding(
            f"partitions of {ledger}",
            False,
            f"{counts[ledger]}, and the ledger is read in one order, which only one partition has",
            f"{script} --create --topic {ledger}_in_order --partitions 1 --config {RETENTION}={RETENTION_MS}, "
            f"and set KAFKA_EVENTS_TOPIC={ledger}_in_order",
            needed=False,
        )
    source = counts.get(settings.kafka_topic)
    for topic in (settings.kafka_predictions_topic, settings.kafka_shadow_topic):
        if source and topic in counts and counts[topic] != source:
            least = topic if counts[topic] < source else settings.kafka_topic
            yield Finding(
                f"partitions of {topic}",
                False,
                f"{counts[topic]}, and {source} of {settings.kafka_topic}: whoever joins both by partition, as Kafka "
                "Streams does, needs as many of each; the platform itself does not",
                f"{script} --alter --topic {least} --partitions {max(counts[topic], source)}"
                + (" (docs/operations.md, Scale out, first)" if least == settings.kafka_topic else ""),
                needed=False,
            )


def needed_retention(settings: Settings) -> dict[str, Needed]:
    """By topic: what must still be in Kafka when somebody first asks for it."""
    delay = settings.label_delay_days
    history = Needed(
        FEATURE_SET.history_days + delay,
        f"features look back {FEATURE_SET.history_days} days and labels take "
        f"LABEL_DELAY_DAYS={delay}, so a lake or a scorer that "
        "begins anew has no training row with its whole history otherwise",
    )
    judged = Needed(delay + 1, f"predictions are judged when their labels have come, after LABEL_DELAY_DAYS={delay}")
    return {
        settings.kafka_topic: history,
        settings.kafka_labels_topic: history,
        settings.kafka_predictions_topic: judged,
        settings.kafka_shadow_topic: judged,
        settings.kafka_dead_letter_topic: Needed(LETTER_DAYS, "somebody has to see a dead letter before it is gone"),
        settings.kafka_events_topic: Needed(RETENTION_MS // DAY_MS, "the ledger tells which version decided on what"),
    }


def _retention(settings: Settings, configs: Configs) -> Iterator[Finding]:
    for topic, needed in needed_retention(settings).items():
        config = configs.get(topic, {})
        kept_ms, most_bytes = int(config.get(RETENTION, -1)), int(config.get(RETENTION_BYTES, -1))
        faults, changes = [], {}
        if 0 <= kept_ms < needed.days * DAY_MS:
            faults.append(
                f"{kept_ms / DAY_MS:.3g} days ({RETENTION}={kept_ms}), {needed.days} are needed: {needed.why}"
            )
            changes[RETENTION] = str(RETENTION_MS)
        if most_bytes >= 0:
            faults.append(
                f"at most {most_bytes:,} bytes a partition ({RETENTION_BYTES}), so a busy day deletes what nobody has "
                "read yet, however young it is"
            )
            changes[RETENTION_BYTES] = "-1"
        if faults:
            fix = set_configuration(settings, topic, changes)
            yield Finding(f"retention of {topic}", False, "; ".join(faults), fix, needed=False)


def _cleanup(settings: Settings, configs: Configs) -> Iterator[Finding]:
    for topic, config in configs.items():
        if "compact" in (policy := config.get(CLEANUP, "delete")):
            yield Finding(
                f"cleanup of {topic}",
                False,
                f"{CLEANUP}={policy}: Kafka deletes all but the newest message of each key, and with them a customer's "
                "history, whether anybody has read it or not",
                set_configuration(settings, topic, {CLEANUP: "delete"}),
            )


def _times(settings: Settings, configs: Configs) -> Iterator[Finding]:
    for topic, config in configs.items():
        if fault := loose(settings, dict(config)):
            yield Finding(f"times of {topic}", False, fault, mend(settings, topic), needed=False)
        elif config.get(TYPE) == "LogAppendTime" and topic in (settings.kafka_topic, settings.kafka_labels_topic):
            yield Finding(
                f"times of {topic}",
                False,
                f"the broker's own clock ({TYPE}=LogAppendTime): live traffic is well, but history that is sent "
                "arrives today, where events over 7 days old are rejected",
                set_configuration(settings, topic, {TYPE: "CreateTime", **limits(settings)}),
                needed=False,
            )


def _first_day(settings: Settings, topic: str) -> Iterator[Finding]:
    """Whether the oldest messages that are left arrived on a day that there is."""
    with committed_reader(settings) as consumer:
        first = [
            message.timestamp()[1]
            for partition, offsets in watermarks(consumer, topic).items()
            for message in [next(read_range(consumer, topic, {partition: offsets}, messages_at_once=1), None)]
            if message is not None
        ]
    if first and (day := day_of(min(first))) < settings.start_date:
        yield Finding(
            f"first day of {topic}",
            False,
            f"{day}, before START_DATE={settings.start_date}: what arrived before that day lies in none and is never "
            "ingested",
            f"set START_DATE={day} in .env, then 'fraud up --restart'",
            needed=False,
        )


def keys_of(topic: str, spread: KeySpread) -> Iterator[Finding]:
    """Whether the producers of transactions set keys, and hash them as Java's do."""
    name, among = f"keys of {topic}", f"over {spread.partitions} partitions"
    if spread.without_key:
        yield Finding(
            name,
            False,
            f"{spread.without_key:,} of the newest {spread.sampled:,} messages have none: a customer's are in no "
            "order, and each is rejected",
            "have the producer set the customer_id as key; 'fraud dlq list --field key' shows what was rejected",
            needed=False,
        )
    match spread.partitioner:
        case "murmur2":
            yield Finding(name, True, f"spread {among} by murmur2, as Java's producers do")
            return
        case "unknown":
            yield Finding(name, True, f"too few {among} to tell how they are spread")
            return
        case "crc32":
            detail = f"spread {among} by crc32, as former releases did; this one goes on so, Java's producers would not"
            fix = "let no producer of another hash write there: docs/operations.md, Partitioner"
        case _:
            detail = f"spread {among} by no hash that is known, or by several"
            fix = "give all producers the partitioner murmur2_random, Java's default: docs/operations.md, Partitioner"
    yield Finding(name, False, detail, fix, needed=False)
