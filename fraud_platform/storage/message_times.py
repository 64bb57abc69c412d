"""Which message timestamps a topic takes: the broker's limits, which all that reads a topic rests on.

A producer sets its messages' timestamps. One of the year 2100 would freeze its key's clock, and one that Spark
cannot convert would stop every reader. No reader can tell: what is too far ahead today was not so for the batch of
next year. The broker can, when it takes the message (KIP-937).
"""

from confluent_kafka.admin import AdminClient

from fraud_platform.core.time import DAY_MS, day_start_ms
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.topic_configs import set_configuration, topic_configs

BEFORE, AFTER, TYPE = "message.timestamp.before.max.ms", "message.timestamp.after.max.ms", "message.timestamp.type"
RETENTION_MS = 400 * DAY_MS
"""Simulated history carries old timestamps, and backfills reach back a year."""
AHEAD_MS = 3_600_000
"""Kafka's own default since 4.0: a key's clock that a producer puts ahead stands still for an hour at most."""
LONGEST_BEFORE_MS = 10 * 366 * DAY_MS
"""A topic that takes older messages than this, and than START_DATE asks for, has no limit that was thought about."""


def limits(settings: Settings, at_ms: int | None = None) -> dict[str, str]:
    """Configuration of a topic that is made now: history from START_DATE on, for as long as RETENTION_MS."""
    made_ms = now_ms() if at_ms is None else at_ms
    before_ms = RETENTION_MS + max(0, made_ms - day_start_ms(settings.start_date))
    return {BEFORE: str(before_ms), AFTER: str(AHEAD_MS)}


def loose(settings: Settings, config: dict[str, str]) -> str | None:
    """What is wrong with a topic's configuration; None where its limits are those that readers need."""
    if config.get(TYPE) == "LogAppendTime":  # the broker's own clock
        return None
    wanted = limits(settings)
    most = {BEFORE: max(LONGEST_BEFORE_MS, int(wanted[BEFORE])), AFTER: AHEAD_MS}
    if over := [f"{name}={config.get(name)}" for name in most if int(config.get(name) or 2**63 - 1) > most[name]]:
        return f"takes messages of nearly any time ({', '.join(over)})"
    return None


def mend(settings: Settings, topic: str) -> str:
    """The command that sets the limits of a topic that exists."""
    return set_configuration(settings, topic, limits(settings))


def loose_topics(settings: Settings, admin: AdminClient, topics: tuple[str, ...]) -> dict[str, str]:
    """Topic → what is wrong with its limits, of those that exist and whose configuration may be seen."""
    faults = {topic: loose(settings, config) for topic, config in topic_configs(admin, topics).items()}
    return {topic: fault for topic, fault in faults.items() if fault}
