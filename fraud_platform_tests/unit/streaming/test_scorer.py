"""The scorer between batches: real features, models and messages; Spark, Kafka and velocity are small stand-ins."""

from collections import Counter
from collections.abc import Iterable

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from fraud_platform.core.features.velocity import VELOCITY_FEATURES
from fraud_platform.schemas import Prediction
from fraud_platform.storage.registry import CHALLENGER, CHAMPION
from fraud_platform_tests import bundles
from fraud_platform_tests.bad_messages import EVENT_TIME_MS, valid
from fraud_platform_tests.unit.streaming.test_features import messages
from streaming.contest import LoadedModel
from streaming.features import SCORED
from streaming.generation import Generation
from streaming.scorer import Opened, Scorer, StoppingError
from streaming.sink import OutMessage
from streaming.state import REACH_MS

NEVER, ALWAYS = 1.0, 0.0
"""Thresholds."""


class Frame:
    """A micro-batch that is evaluated in this process."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def mapInArrow(self, function, schema):  # noqa: N802
        self._function = function
        return self

    def toArrow(self) -> pa.Table:  # noqa: N802
        return pa.Table.from_batches(self._function(iter(self._table.to_batches())))


class Sink:
    def __init__(self) -> None:
        self.last_batch, self.next_offsets, self.events, self.batches = None, {0: 0}, [], []

    def is_written(self, batch_id: int) -> bool:
        return self.last_batch == batch_id

    def write(self, batch_id: int, written: Iterable[OutMessage], next_offsets: dict[int, int]) -> None:
        self.last_batch = batch_id
        self.next_offsets |= next_offsets
        self.batches.append(list(written))

    def write_event(self, event) -> None:
        self.events.append(event)

    def close(self) -> None:
        pass


class OnesForVelocity:
    def of_batch(self, batch_id: int, rows: pa.Table, ends: dict[int, int]):
        return np.ones((rows["status"].to_pylist().count(SCORED), len(VELOCITY_FEATURES)))

    def close(self) -> None:
        pass


class Run:
    """A scorer under settings, and what comes out of it."""

    def __init__(self, settings, folder) -> None:
        self.settings, self.sink, self.scorer = settings, Sink(), Scorer(settings)
        generation = Generation(folder, "any", partitions=1, starting_offsets=None)
        self.scorer._opened = Opened(generation, OnesForVelocity(), self.sink)
        self._sent = 0

    def batch(self, customers: int = 200) -> Counter[int]:
        """Predictions of a batch by the version that decided."""
        names = [(f"c{n}", f"T{self._sent + n}") for n in range(customers)]
        self._sent += customers
        sent = [(c.encode(), valid(transaction_id=t, customer_id=c)) for c, t in names]
        self.scorer.process(Frame(messages(sent)), len(self.sink.batches))
        topic = self.settings.kafka_predictions_topic
        out = [msgspec.json.decode(m.value, type=Prediction) for m in self.sink.batches[-1] if m.topic == topic]
        assert len(out) == customers
        return Counter(p.model_version for p in out)

    def shadows(self) -> int:
        """Rows of the last batch that a model looked on at."""
        return [m.topic for m in self.sink.batches[-1]].count(self.settings.kafka_shadow_topic)

    @property
    def kinds(self) -> list[tuple[str, int | None]]:
        return [(event.kind, event.model_version) for event in self.sink.events]


@pytest.fixture
def run(settings, tmp_path):
    def start(**overrides: object) -> Run:
        started = Run(settings.model_copy(update=overrides), tmp_path)
        started.scorer.take_over(model(1, NEVER))
        return started

    return start


def model(version: int, threshold: float) -> LoadedModel:
    return LoadedModel(version, bundles.bundle(), threshold)


def test_a_new_champion_decides_from_the_next_batch_on_and_the_ledger_says_from_where(run):
    started = run()
    assert started.batch() == {1: 200}
    started.scorer.take_over(model(2, NEVER))
    assert started.batch() == {2: 200}
    assert started.kinds == [("model_loaded", 1), ("model_loaded", 2)]
    assert [event.from_offsets for event in started.sink.events] == [{"0": 0}, {"0": 200}]
    assert (started.scorer.health()["model_version"], started.scorer.health()["batches"]) == (2, 2)


def test_a_refused_champion_or_challenger_changes_nothing_but_the_ledger(run):
    started = run()
    started.scorer.refuse(CHAMPION, 2, "altered")
    started.scorer.refuse(CHALLENGER, 3, "altered")
    assert started.batch() == {1: 200}
    assert started.kinds[1:] == [("model_refused", 2), ("challenger_refused", 3)]


def test_whoever_asked_for_a_first_model_hears_that_it_was_refused(settings, monkeypatch):
    written = []
    monkeypatch.setattr("streaming.scorer.write_event", lambda _, event: written.append(event))
    scorer = Scorer(settings)
    scorer.refuse(CHAMPION, 1, "altered")
    scorer.challenge(model(2, NEVER))  # told of once it scores
    assert [(event.kind, event.model_version, event.reason) for event in written] == [("model_refused", 1, "altered")]


def test_a_canary_decides_on_its_share_until_its_alerts_leave_the_band(run):
    started = run(canary_percent=50, shadow_percent=0)
    started.scorer.challenge(model(2, ALWAYS))
    first = started.batch()
    assert first[1] + first[2] == 200 and 60 < first[2] < 140
    assert started.kinds[1:] == [("challenger_loaded", 2), ("canary_rolled_back", 2)]
    assert started.scorer.unwanted == 2
    assert started.batch() == {1: 200}
    assert started.scorer.health()["challenger_version"] is None


def test_a_challenger_that_only_looks_on_is_not_sent_back_whatever_it_would_say(run):
    started = run(canary_percent=0, shadow_percent=100)
    started.scorer.challenge(model(2, ALWAYS))
    assert started.batch() == {1: 200}
    assert started.scorer.unwanted is None
    assert started.shadows() == 200


def test_a_challenger_that_becomes_champion_does_not_compete_with_itself(run):
    started = run(canary_percent=50, shadow_percent=50)
    started.scorer.challenge(model(2, NEVER))
    started.scorer.take_over(model(2, NEVER))
    assert started.batch() == {2: 200}
    assert started.shadows() == 0
    assert started.scorer.health()["challenger_version"] is None


def test_a_challenger_is_held_against_the_new_champion_alone(run):
    started = run(canary_percent=50, shadow_percent=50)
    started.scorer.take_over(model(2, ALWAYS))
    started.scorer.challenge(model(3, ALWAYS))
    started.batch()
    started.scorer.take_over(model(4, NEVER))
    started.batch()
    assert started.kinds[-1] == ("canary_rolled_back", 3)


def test_a_message_from_the_future_does_not_age_the_state(run, tmp_path, monkeypatch):
    monkeypatch.setattr("streaming.features.now_ms", lambda: EVENT_TIME_MS)
    started = run()
    started.batch()
    before = sorted(tmp_path.rglob("*.arrow"))
    broken = messages([(b"c", b"{")])
    later = pa.array([EVENT_TIME_MS + 2 * REACH_MS])
    started.scorer.process(Frame(broken.set_column(2, "timestamp_ms", later)), 1)
    assert before and sorted(tmp_path.rglob("*.arrow")) == before


def test_after_stop_no_batch_begins(run):
    started = run()
    started.scorer.stop()
    with pytest.raises(StoppingError):
        started.batch()
    assert started.kinds[-1] == ("stopped", None)
    assert not started.scorer.health()["healthy"]
