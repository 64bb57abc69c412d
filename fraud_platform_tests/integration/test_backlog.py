"""What waits in Kafka when a scorer starts: days of history, written through several Kafka transactions."""

import json
import signal
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from fraud_platform.core.time import DAY_MS, EPOCH
from fraud_platform.feeding.messages import Disturbances, transaction_messages
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.pipeline.topic_days import topic_days
from fraud_platform.settings import Settings
from fraud_platform.storage.lake import Lake
from fraud_platform.storage.registry import Registry
from fraud_platform_tests.chaos.run import UnderFire
from fraud_platform_tests.support import bundles
from fraud_platform_tests.support.kafka_outcome import assert_features_equal_batch, outcome, read, send
from fraud_platform_tests.support.scraped_metrics import scraped
from streaming.state.checkpoint import checkpoint_folder

DAYS = 5
BATCH_OFFSETS = 300


@pytest.fixture
def settings(make_scorer_settings) -> Settings:
    """Of a topic whose transactions' markers, of today, lie between messages of old."""
    made = make_scorer_settings(max_offsets_per_trigger=BATCH_OFFSETS)
    messages = sorted(transaction_messages(bundles.transactions(DAYS), Disturbances(late=0.05, duplicates=0.02)))
    for first, end in pairwise(np.linspace(0, len(messages), 5).astype(int)):
        send(made, messages[first:end])
    return made


def test_its_days_are_those_of_its_messages(settings):
    first = bundles.FIRST_DAY - timedelta(days=1)
    last = first + timedelta(days=DAYS + 2)
    days = topic_days(settings, Lake(settings), settings.kafka_topic, first, last)
    messages = read(settings, settings.kafka_topic)
    partitions, offsets = (np.array([getattr(m, part)() for m in messages]) for part in ("partition", "offset"))
    found = days.day_numbers(partitions, offsets)
    assert found.tolist() == [m.timestamp()[1] // DAY_MS for m in messages]
    assert EPOCH + timedelta(days=int(found.min())) == bundles.FIRST_DAY


def test_it_is_worked_off_in_bounded_batches_while_its_size_is_told(settings, mlflow_server, tmp_path):
    Registry(settings).set_alias(CHAMPION, bundles.register(settings, tmp_path / "model"))
    lags: list[float | None] = []
    with UnderFire(settings, tmp_path / "pauses") as fire:

        def is_worked_off() -> bool:
            lags.append(scraped(settings, "fraud_scorer_lag_messages"))
            return lags[-1] == 0 and outcome(settings).lost == 0

        fire.wait_until(is_worked_off, "an end of the backlog")
        assert fire.starts == 1
        assert fire.process.end(signal.SIGTERM) == 0

    assert outcome(settings).is_exactly_once
    assert max(filter(None, lags)) > BATCH_OFFSETS
    sizes = batch_sizes(settings)
    assert len(sizes) > 3 and max(sizes) <= BATCH_OFFSETS
    assert_features_equal_batch(settings)


def batch_sizes(settings: Settings) -> list[int]:
    """Offsets of each batch but the first, from Spark's own log of where they end, which may forget the oldest."""
    logs = sorted(checkpoint_folder(settings).rglob("offsets/[0-9]*"), key=lambda path: int(path.name))
    ends = [sum(json.loads(log.read_text().splitlines()[-1])[settings.kafka_topic].values()) for log in logs]
    return [end - start for start, end in pairwise(ends)]
