"""Which query of a KAFKA_GROUP_ID wrote last, on whatever machine, and how far it came.

Kafka's group offsets say so, which only a writer with the right to them can change. The
ledger, to which more may write, merely decides between queries that came equally far.
"""

import logging
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import AdminClient

from fraud_platform.errors import ExactlyOnceError
from fraud_platform.operations.batch_marker import Progress, progress_of
from fraud_platform.operations.ledger import settled_events
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import REQUEST_TIMEOUT_SECONDS, admin_client, clear_errors, committed_reader
from fraud_platform.storage.kafka_offsets import offsets_at, watermarks
from streaming.output.sink import consumer_group, query_id_of

log = logging.getLogger(__name__)

AT_ONCE = 500
"""Groups that are asked for, of the many that somebody may write into the ledger."""


class Query(NamedTuple):
    """A query whose group Kafka knows."""

    id: str
    progress: Progress


def last_query(settings: Settings, topic_id: str) -> Query | None:
    """The query that came furthest in the topic; None where none has begun.

    Raises ExactlyOnceError where one wrote, as the ledger has it, and Kafka has forgotten how far.
    """
    started = _started(settings)
    known = _known(settings, started)
    if unknown := [query_id for query_id in started if query_id not in known]:
        if not known and _has_written(settings, started[unknown[0]]):
            raise ExactlyOnceError(
                f"Kafka has forgotten the offsets of the groups {settings.kafka_group_id}-*, of which the ledger names "
                f"{unknown[-1]}, so how far the output came is not known: bring its checkpoint back, or set another "
                "KAFKA_GROUP_ID and score from STARTING_OFFSETS on"
            )
        log.warning(
            "the ledger has starts of queries of which Kafka knows nothing; they wrote nothing: %s", unknown[-3:]
        )
    last: Query | None = None
    # Of those that came equally far the one that started last.
    for query_id in [*sorted(known.keys() - started.keys()), *(query_id for query_id in started if query_id in known)]:
        if last is None or not _is_ahead(last.progress, known[query_id], topic_id):
            last = Query(query_id, known[query_id])
    return last


def _is_ahead(one: Progress, other: Progress, topic_id: str) -> bool:
    """Whether one query came further: each begins where the former one ended, so its positions are nowhere lower."""
    topics = [progress.topic_id in (None, topic_id) for progress in (one, other)]
    if topics[0] != topics[1]:  # one of them knows an earlier topic of the name
        return topics[0]
    common = one.offsets.end.keys() & other.offsets.end.keys()
    return sum(one.offsets.end[p] for p in common) > sum(other.offsets.end[p] for p in common)


def _known(settings: Settings, started: Iterable[str]) -> dict[str, Progress]:
    """Those of the queries, and of others whose groups Kafka lists, of which it has offsets.

    The list alone would not do: it passes over groups that a broker has not loaded yet, whose
    offsets it does not give either, but then with an error.
    """
    admin = admin_client(settings)
    with clear_errors(settings, f"read the offsets of the groups {settings.kafka_group_id}-*"):
        listed = admin.list_consumer_groups(request_timeout=REQUEST_TIMEOUT_SECONDS).result()
        if listed.errors:
            raise listed.errors[0]
        others = (query_id_of(settings, group.group_id) for group in listed.valid)
        ids = [*dict.fromkeys(filter(None, (*started, *others)))]
        return {
            query_id: progress
            for first in range(0, len(ids), AT_ONCE)
            for query_id, progress in _progress(settings, admin, ids[first : first + AT_ONCE])
            if progress is not None
        }


def _progress(settings: Settings, admin: AdminClient, ids: list[str]) -> Iterator[tuple[str, Progress | None]]:
    groups = {query_id: consumer_group(settings, query_id) for query_id in ids}
    asked = {  # a request names one group
        query_id: admin.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group)], request_timeout=REQUEST_TIMEOUT_SECONDS
        )[group]
        for query_id, group in groups.items()
    }
    for query_id, answer in asked.items():
        yield query_id, progress_of(settings, groups[query_id], answer.result().topic_partitions or [])


def _started(settings: Settings) -> dict[str, int]:
    """When each query started first, in milliseconds, in the order of their last starts."""
    found: dict[str, int] = {}
    for event in settled_events(settings):
        if event.kind == "started" and (query_id := query_id_of(settings, event.consumer_group)):
            found[query_id] = found.pop(query_id, event.at_ms)
    return found


def _has_written(settings: Settings, since_ms: int) -> bool:
    """Whether there are predictions from that time on."""
    with committed_reader(settings) as consumer:
        ends = watermarks(consumer, settings.kafka_predictions_topic)
        since = offsets_at(consumer, settings.kafka_predictions_topic, since_ms)
    return any(since[p] < end for p, (_, end) in ends.items())
