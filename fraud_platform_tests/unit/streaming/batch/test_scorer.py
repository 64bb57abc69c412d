"""The scorer between batches: real features, models and messages; Spark, Kafka and velocity are small stand-ins."""

from collections import Counter
from collections.abc import Iterable
from threading import Thread

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from fraud_platform.core.canary import AlertCounts
from fraud_platform.messages.schemas import Prediction
from fraud_platform.operations.aliases import CANARY, CHALLENGER, CHAMPION
from fraud_platform.operations.batch_marker import BatchOffsets
from fraud_platform.operations.observed_alerts import NOTE, Observed, from_note
from fraud_platform_tests.support import bundles
from fraud_platform_tests.support.bad_messages import EVENT_TIME_MS, valid
from fraud_platform_tests.support.message_batch import messages
from fraud_platform_tests.support.simulated_world import VELOCITY_FEATURES
from streaming.batch.features import SCORED
from streaming.batch.scorer import Opened, Scorer, StoppingError
from streaming.models.traffic_split import LoadedModel
from streaming.output.sink import OutMessage
from streaming.state.checkpoint import Checkpoint
from streaming.state.customers import REACH_MS

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
        self.last_batch, self.note = None, None
        self.next_offsets, self.events, self.batches = {0: 0}, [], []

    def is_written(self, batch_id: int, offsets: BatchOffsets) -> bool:
        return self.last_batch == batch_id

    def write(self, batch_id: int, written: Iterable[OutMessage], offsets: BatchOffsets, note) -> None:
        self.last_batch, self.note = batch_id, note
        self.next_offsets |= offsets.end
        self.batches.append(list(written))

    def write_event(self, event) -> None:
        self.events.append(event)

    def renew(self) -> None:
        self.events.append(None)

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
        self._checkpoint = Checkpoint(folder, "any", partitions=1, starting_offsets={0: 0})
        self.scorer._opened = Opened(self._checkpoint, OnesForVelocity(), self.sink)
        self._sent = 0

    def batch(self, customers: int = 200) -> Counter[int]:
        """Predictions of a batch by the version that decided."""
        names = [(f"c{n}", f"T{self._sent + n}") for n in range(customers)]
        self._sent += customers
        sent = [(c.encode(), valid(transaction_id=t, customer_id=c)) for c, t in names]
        self.process(messages(sent))
        topic = self.settings.kafka_predictions_topic
        out = [msgspec.json.decode(m.value, type=Prediction) for m in self.sink.batches[-1] if m.topic == topic]
        assert len(out) == customers
        return Counter(p.model_version for p in out)

    def process(self, table: pa.Table) -> None:
        """The next batch, which Spark has planned."""
        batch_id = len(self.sink.batches)
        plan = self._checkpoint.spark_folder / "offsets" / str(batch_id)
        plan.parent.mkdir(parents=True, exist_ok=True)
        plan.write_text(f'v1\n{{}}\n{{"{self.settings.kafka_topic}":{{"0":{self._sent}}}}}')
        self.scorer.process(Frame(table), batch_id)

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
    monkeypatch.setattr("streaming.batch.scorer.write_event", lambda _, event: written.append(event))
    scorer = Scorer(settings)
    scorer.refuse(CHAMPION, 1, "altered")
    scorer.put_beside(CHALLENGER, model(2, NEVER))  # told of once it scores
    assert [(event.kind, event.model_version, event.reason) for event in written] == [("model_refused", 1, "altered")]


def test_a_canary_decides_on_its_share_until_its_alerts_leave_the_band(run):
    started = run(canary_percent=50, shadow_percent=0)
    started.scorer.put_beside(CANARY, model(2, ALWAYS))
    first = started.batch()
    assert first[1] + first[2] == 200 and 60 < first[2] < 140
    assert started.kinds[1:] == [("canary_loaded", 2), ("canary_rolled_back", 2)]
    assert started.batch() == {1: 200}
    assert started.scorer.health()["canary_version"] is None
    ((version, reason),) = started.scorer.sent_back()
    assert version == 2 and "CANARY_ALERT_FACTOR" in reason
    assert started.scorer.sent_back() == [], "it is told once"


def test_a_challenger_decides_on_nobody_and_is_not_sent_back_whatever_it_would_say(run):
    started = run(canary_percent=50, shadow_percent=100)
    started.scorer.put_beside(CHALLENGER, model(2, ALWAYS))
    assert started.batch() == {1: 200}
    assert started.scorer.sent_back() == []
    assert started.shadows() == 200


def test_the_counts_go_out_with_the_batch_that_they_are_of(run):
    started = run(shadow_percent=100)
    started.batch()
    assert started.sink.note is None
    started.scorer.put_beside(CHALLENGER, model(2, ALWAYS))
    for batches in (1, 2):
        started.batch()
        (observed,) = from_note(started.sink.note[NOTE]).values()
        assert observed == Observed(2, 1, AlertCounts(200 * batches, 0, 200 * batches))


@pytest.mark.parametrize(("version", "champion", "kept"), [(2, 1, True), (3, 1, False), (2, 4, False)])
def test_a_restart_goes_on_with_the_counts_of_the_same_two_versions(run, version, champion, kept):
    started = run(canary_percent=50)
    started.scorer._models.resume({CANARY: Observed(version, champion, AlertCounts(900, 0, 100))})
    started.scorer.put_beside(CANARY, model(2, NEVER))
    assert (started.scorer.sent_back() != []) == kept, "before it decides on anybody"
    assert (2 in started.batch()) != kept


def test_a_version_that_becomes_champion_does_not_compete_with_itself(run):
    started = run(canary_percent=50, shadow_percent=50)
    started.scorer.put_beside(CANARY, model(2, NEVER))
    started.scorer.put_beside(CHALLENGER, model(2, NEVER))
    started.scorer.take_over(model(2, NEVER))
    assert started.batch() == {2: 200}
    assert started.shadows() == 0
    health = started.scorer.health()
    assert health["challenger_version"] is None and health["canary_version"] is None


def test_a_canary_is_held_against_the_new_champion_alone(run):
    started = run(canary_percent=50, shadow_percent=50)
    started.scorer.take_over(model(2, ALWAYS))
    started.scorer.put_beside(CANARY, model(3, ALWAYS))
    started.batch()
    started.scorer.take_over(model(4, NEVER))
    started.batch()
    assert started.kinds[-1] == ("canary_rolled_back", 3)


def test_a_message_from_the_future_does_not_age_the_state(run, tmp_path, monkeypatch):
    monkeypatch.setattr("streaming.batch.features.now_ms", lambda: EVENT_TIME_MS)
    started = run()
    started.batch()
    before = sorted(tmp_path.rglob("*.arrow"))
    broken = messages([(b"c", b"{")])
    later = pa.array([EVENT_TIME_MS + 2 * REACH_MS])
    started.process(broken.set_column(2, "timestamp_ms", later))
    assert before and sorted(tmp_path.rglob("*.arrow")) == before


def test_after_stop_no_batch_begins(run):
    started = run()
    started.scorer.stop()
    with pytest.raises(StoppingError):
        started.batch()
    assert started.kinds[-1] == ("stopped", None)
    assert not started.scorer.health()["healthy"]


def test_offsets_are_committed_again_between_batches_and_never_in_one_or_after_the_end(run):
    started = run()
    before = len(started.sink.events)
    with started.scorer._boundary:
        lag_monitor = Thread(target=started.scorer.renew_offsets)
        lag_monitor.start()
        lag_monitor.join(30)
    assert len(started.sink.events) == before
    started.scorer.renew_offsets()
    assert len(started.sink.events) == before + 1
    started.scorer.stop()
    ended = len(started.sink.events)
    started.scorer.renew_offsets()
    assert len(started.sink.events) == ended
