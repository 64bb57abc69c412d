"""What the topics take: which times a feed may send without Kafka refusing, misdating or deleting what it sends."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from fraud_platform.core.time import DAY_MS, day_of, day_start_ms
from fraud_platform.errors import ConfigurationError
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import as_text, now_ms
from fraud_platform.storage.kafka import (
    REQUEST_TIMEOUT_SECONDS,
    admin_client,
)
from fraud_platform.storage.message_times import AFTER, BEFORE, RETENTION_MS, TYPE
from fraud_platform.storage.message_times import limits as topic_config

RETENTION, POLICY = "retention.ms", "cleanup.policy"
MARGIN_MS = 10 * 60 * 1000
"""A feed takes some time, and meanwhile the oldest time that the broker takes moves on."""


class Bound(NamedTuple):
    """Messages before a time, or from it on, that should not be sent: why, and what mends it."""

    at_ms: int
    is_lowest: bool
    reason: str
    way_out: str


class Limits(NamedTuple):
    """Of one topic."""

    topic: str
    bounds: tuple[Bound, ...]
    faults: tuple[str, ...]
    """What makes the topic unfit for messages that bear their own time, each with the way out."""
    are_seen: bool
    """False where the broker does not let us see the topic's configuration."""

    def first_day(self) -> date:
        """The first whole day that may be sent."""
        lowest = max((bound.at_ms for bound in self.bounds if bound.is_lowest), default=0)
        return day_of(lowest + DAY_MS - 1)


def limits_of(settings: Settings, topics: Iterable[str], at_ms: int) -> list[Limits]:
    """Of each of the topics, whether it exists or will be made; raises ServiceUnavailableError, AccessDeniedError."""
    admin = admin_client(settings)
    configs = _configs(admin, topics)
    made = {RETENTION: str(RETENTION_MS), **topic_config(settings, at_ms)}
    return [_limits(settings, topic, made if found is None else found, at_ms) for topic, found in configs.items()]


def alter(settings: Settings, topic: str, **config: object) -> str:
    """The command that changes a topic's configuration; names have _ for Kafka's dots."""
    pairs = ",".join(f"{name.replace('_', '.')}={value}" for name, value in config.items())
    return (
        f"kafka-configs.sh --bootstrap-server {settings.kafka_broker} --alter --entity-type topics "
        f"--entity-name {topic} --add-config {pairs}"
    )


def require_taken(settings: Settings, first_ms: int, what: str) -> None:
    """Raise ConfigurationError where the topics do not keep and take messages from a time on, under their own times."""
    found = limits_of(settings, (settings.kafka_topic, settings.kafka_labels_topic), now_ms())
    faults = [fault for limits in found for fault in limits.faults]
    for limits in found:
        beyond = (bound for bound in limits.bounds if bound.is_lowest and first_ms < bound.at_ms)
        faults += [f"it is {bound.reason}. {bound.way_out}" for bound in beyond]
    if faults:
        raise ConfigurationError("\n".join([f"{what} begins at {as_text(first_ms)}, and nothing was sent", *faults]))


def fitting_shift(all_limits: Iterable[Limits], days: int, today: date, end_ms: int | None) -> date | None:
    """The latest first day that so many days can be moved to so that they end yesterday; None where they do not fit.

    end_ms: of `topic_end.end_of`.
    """
    first = max(found.first_day() for found in all_limits)
    if end_ms is not None:
        first = max(first, day_of(end_ms + DAY_MS - 1))
    latest = today - timedelta(days=days)
    return latest if latest >= first else None


def _limits(settings: Settings, topic: str, config: dict[str, str], at_ms: int) -> Limits:
    # No day of a report is before that of its transaction.
    start = [_start(settings)] if topic == settings.kafka_topic else []
    bounds = (*start, *_kept(settings, topic, config, at_ms), *_taken(settings, topic, config, at_ms))
    return Limits(topic, bounds, tuple(_faults(settings, topic, config)), bool(config))


def _start(settings: Settings) -> Bound:
    first = settings.start_date
    return Bound(
        day_start_ms(first),
        True,
        f"before START_DATE={first}, the first day that Dagster has, so no run would ever read it",
        "set START_DATE to the first day that is sent, in .env",
    )


def _kept(settings: Settings, topic: str, config: dict[str, str], at_ms: int) -> Iterator[Bound]:
    kept_ms = int(config.get(RETENTION) or -1)
    if kept_ms >= 0:
        yield Bound(
            at_ms - kept_ms,
            True,
            f"older than topic {topic} keeps ({RETENTION}={kept_ms}, {kept_ms / DAY_MS:g} days): Kafka would delete it "
            "within minutes",
            alter(settings, topic, retention_ms=-1),
        )


def _taken(settings: Settings, topic: str, config: dict[str, str], at_ms: int) -> Iterator[Bound]:
    before_ms, after_ms = (int(config.get(name) or 2**63 - 1) for name in (BEFORE, AFTER))
    if before_ms < at_ms:
        yield Bound(
            at_ms - before_ms + MARGIN_MS,
            True,
            f"older than topic {topic} takes ({BEFORE}={before_ms}, {before_ms / DAY_MS:g} days): Kafka would refuse "
            "it",
            alter(settings, topic, message_timestamp_before_max_ms=2**63 - 1),
        )
    yield Bound(
        min(at_ms + after_ms, 2**62),
        False,
        f"in the future, which topic {topic} does not take ({AFTER}={after_ms}), now or when it is sent again",
        "leave those days out with --end, or move all of them with --shift-to",
    )


def _faults(settings: Settings, topic: str, config: dict[str, str]) -> Iterator[str]:
    if config.get(TYPE) == "LogAppendTime":
        yield (
            f"topic {topic} has {TYPE}=LogAppendTime, so Kafka would date all messages now: "
            + alter(settings, topic, message_timestamp_type="CreateTime")
        )
    if "compact" in config.get(POLICY, ""):
        yield (
            f"topic {topic} is compacted, so Kafka would keep the newest message of each key alone: "
            + alter(settings, topic, cleanup_policy="delete")
        )


def _configs(admin: AdminClient, topics: Iterable[str]) -> dict[str, dict[str, str] | None]:
    """Configuration of each topic: None where there is no such topic, empty where it may not be seen."""
    resources = [ConfigResource(ResourceType.TOPIC, topic) for topic in topics]
    found: dict[str, dict[str, str] | None] = {}
    for resource, future in admin.describe_configs(resources, request_timeout=REQUEST_TIMEOUT_SECONDS).items():
        try:
            found[resource.name] = {name: entry.value for name, entry in future.result().items()}
        except KafkaException as error:
            missing = error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART
            found[resource.name] = None if missing else {}
    return found
