"""A ledger in which a scorer answers a promotion, without a scorer."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import dagster as dg

from fraud_platform.definitions import definitions
from fraud_platform.defs.models.jobs import promoting
from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.operations import rollout
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.operations.ledger import write_event
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.kafka import create_topics
from fraud_platform_tests.support.waiting import wait_until


@contextmanager
def scorer(platform: PlatformResource, kind: str, **fields) -> Iterator[PlatformResource]:
    """The platform with a ledger of its own, in which a scorer answers once version 1 is the champion."""
    answered = PlatformResource(
        overrides={**platform.overrides, "kafka_events_topic": f"events-{uuid.uuid4().hex[:8]}"}
    )
    create_topics(answered.settings)

    def answer() -> None:
        wait_until(lambda: answered.registry.version(CHAMPION) == 1, "the alias")
        write_event(answered.settings, ScorerEvent(kind=kind, scorer_id="s", at_ms=now_ms(), model_version=1, **fields))

    thread = Thread(target=answer)
    thread.start()
    try:
        yield answered
    finally:
        thread.join()


def deploy(platform, instance, kind: str, **fields) -> dg.ExecuteInProcessResult:
    """promote_model for version 1, which passed the gate, and to which a scorer gives this answer."""
    rollout.write_verdict_passed(platform.registry, 1)
    with scorer(platform, kind, **fields) as answered:
        job = definitions(answered).resolve_job_def("promote_model")
        return job.execute_in_process(promoting(1, "it is better"), instance)
