"""Velocity over batches: partitions that end at different times, crashes, merges, rejected and repeated messages."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fraud_platform.core.features.velocity import index_of
from fraud_platform.messages.schemas import Transaction, encode
from fraud_platform.messages.transactions import DECODER
from fraud_platform.storage.kafka_offsets import OffsetRange
from fraud_platform_tests.support import feature_lake
from fraud_platform_tests.support.decoded_events import events_of_messages
from fraud_platform_tests.support.simulated_world import FIELD_NAMES, PLAN, VELOCITY_FEATURES
from fraud_platform_tests.support.velocity_at_once import velocities_at_once
from streaming.batch import velocity
from streaming.batch.features import SCORED, transform
from streaming.batch.velocity import Velocity
from streaming.state.customers import BOOTSTRAP_FOLDER, PartitionState
from streaming.state.entities import FOLDER, REACH_MS, VelocityState, write_entity_events

PARTITIONS = feature_lake.PARTITIONS
BATCHES = 12


class Message:
    """What confluent-kafka gives."""

    def __init__(self, row: dict) -> None:
        self._row = row

    def partition(self) -> int:
        return self._row["partition"]

    def offset(self) -> int:
        return self._row["offset"]

    def timestamp(self) -> tuple[int, int]:
        return 1, self._row["timestamp_ms"]

    def key(self) -> bytes:
        return self._row["key"]

    def value(self) -> bytes:
        return self._row["value"]


@pytest.fixture(scope="module")
def topic() -> pa.Table:
    """Messages of a topic of two partitions in order of their timestamps, some repeated, some that do not decode."""
    frame = feature_lake.simulated().head(6000)
    records = frame[list(FIELD_NAMES)].astype(object).where(frame[list(FIELD_NAMES)].notna(), None).to_dict("records")
    rng = np.random.default_rng(4)
    rows = []
    ends = [0] * PARTITIONS
    for record, partition in zip(records, frame["kafka_partition"].tolist(), strict=True):
        value = encode(Transaction(schema_version=1, **record))
        for copy in [value, *([b"{"] if rng.random() < 0.01 else []), *([value] if rng.random() < 0.02 else [])]:
            time_ms = record["event_time_ms"]
            rows.append((partition, ends[partition], time_ms, record["customer_id"].encode(), copy))
            ends[partition] += 1
    types = (pa.int32(), pa.int64(), pa.int64(), pa.binary(), pa.binary())
    columns = [pa.array(column, type_) for column, type_ in zip(zip(*rows, strict=True), types, strict=True)]
    return pa.table(columns, ["partition", "offset", "timestamp_ms", "key", "value"])


@pytest.fixture
def kafka(topic, monkeypatch) -> None:
    """The topic in place of a broker."""

    @contextmanager
    def reader(settings) -> Iterator[None]:
        yield None

    def offsets_at(consumer: None, name: str, time_ms: int, starts: dict[int, int]) -> dict[int, int]:
        earlier = topic.filter(pc.less(topic["timestamp_ms"], time_ms))
        return {p: max(start, pc.sum(pc.equal(earlier["partition"], p)).as_py() or 0) for p, start in starts.items()}

    def read_range(consumer: None, name: str, offsets: OffsetRange) -> Iterator[Message]:
        for p, (start, end) in offsets.items():
            rows = topic.filter(pc.equal(topic["partition"], p)).slice(start, end - start)
            yield from map(Message, rows.to_pylist())

    for name, fake in (("committed_reader", reader), ("offsets_at", offsets_at), ("read_range", read_range)):
        monkeypatch.setattr(velocity, name, fake)
    monkeypatch.setattr(velocity, "_MESSAGES_AT_ONCE", 100)
    monkeypatch.setattr("streaming.state.lsm_store.FAN_OUT", 3)


def expected(topic: pa.Table) -> dict[tuple[int, int], list[float]]:
    """Velocity of each accepted message, all in one go."""
    keys, values, times = (topic[name].to_pylist() for name in ("key", "value", "timestamp_ms"))
    decoded = DECODER.decode(keys, values, times)
    whole = velocities_at_once(events_of_messages(decoded.columns, np.array(times)[decoded.accepted]))
    places = topic.select(["partition", "offset"]).take(pa.array(decoded.accepted)).to_pylist()
    return {(p["partition"], p["offset"]): row for p, row in zip(places, whole.tolist(), strict=True)}


@pytest.mark.parametrize("seed", range(4))
def test_values_are_those_of_one_go_however_far_partitions_are_apart(topic, kafka, settings, tmp_path, seed):
    rng = np.random.default_rng(seed)
    of_partition = [topic.filter(pc.equal(topic["partition"], p)) for p in range(PARTITIONS)]
    # The partitions' batches end anywhere: one may be days ahead of the other.
    bounds = [np.sort(rng.integers(0, len(rows) + 1, BATCHES - 1)) for rows in of_partition]
    spans = [[*pairwise([0, *cuts, len(rows)])] for cuts, rows in zip(bounds, of_partition, strict=True)]
    found = {}
    scoring = Velocity(settings, tmp_path)
    for batch_id in range(BATCHES):
        parts = [rows.slice(spans[p][batch_id][0], np.ptp(spans[p][batch_id])) for p, rows in enumerate(of_partition)]
        if not sum(map(len, parts)):
            continue
        ends = {p: int(spans[p][batch_id][1]) for p in range(PARTITIONS)}
        for _ in range(1 + (batch_id % 3 == 1)):  # some are run twice, the second time by a new process
            rows = pa.concat_tables([stage(part, tmp_path, batch_id) for part in parts if len(part)])
            values = scoring.of_batch(batch_id, rows, ends)
            scoring = Velocity(settings, tmp_path) if batch_id % 3 == 1 else scoring
        scored = rows.filter(pc.equal(rows["status"], SCORED))
        places = zip(scored["partition"].to_pylist(), scored["offset"].to_pylist(), strict=True)
        found |= dict(zip(places, values.tolist(), strict=True))
    whole = expected(topic)
    assert len(found) > 5900
    assert found == {place: whole[place] for place in found}


def stage(part: pa.Table, folder, batch_id: int) -> pa.Table:
    state = PartitionState(folder, part["partition"][0].as_py(), batch_id)
    rows, kept = transform(part, state.history)
    state.add(kept)
    return rows


def test_a_batch_of_markers_alone_has_no_rows_and_leaves_the_state_as_it_is(topic, kafka, settings, tmp_path):
    part = topic.filter(pc.equal(topic["partition"], 0)).slice(0, 10)
    rows = stage(part, tmp_path, 0)
    assert Velocity(settings, tmp_path).of_batch(0, rows.slice(0, 0), {0: 1, 1: 0}).shape == (0, len(VELOCITY_FEATURES))
    assert not (tmp_path / FOLDER).exists()


def test_a_message_from_the_future_does_not_age_the_state(topic, kafka, settings, tmp_path, monkeypatch):
    part = topic.filter(pc.equal(topic["partition"], 0)).slice(0, 10)
    now_ms = pc.max(part["timestamp_ms"]).as_py()
    monkeypatch.setattr("streaming.batch.features.now_ms", lambda: now_ms)
    rows, ends = stage(part, tmp_path, 0), {0: 10, 1: 0}
    scoring = Velocity(settings, tmp_path)
    scoring.of_batch(0, rows, ends)
    later = pa.array([now_ms + 2 * REACH_MS] * len(rows))
    before = sorted((tmp_path / FOLDER).glob("*.arrow"))
    scoring.of_batch(1, rows.set_column(rows.column_names.index("timestamp_ms"), "timestamp_ms", later), ends)
    assert before and set(before) <= set((tmp_path / FOLDER).glob("*.arrow"))


def test_nothing_older_than_any_window_is_kept(topic, tmp_path):
    rows = stage(topic.slice(0, 100).filter(pc.equal(topic.slice(0, 100)["partition"], 0)), tmp_path, 0)
    entity_events = velocity.entity_events_in(rows.filter(pc.equal(rows["status"], SCORED)))
    VelocityState(tmp_path, 0).add(entity_events.reshape(-1), {0: 7})
    index = index_of(PLAN, entity_events.reshape(-1))
    write_entity_events(tmp_path / FOLDER / BOOTSTRAP_FOLDER / "000000.arrow", index, {})
    state = VelocityState(tmp_path, 1)
    assert state.positions == {0: 7}
    state.compact(int(entity_events["arrival_ms"].max()) + REACH_MS)
    assert state.velocities(entity_events).any()
    state.compact(int(entity_events["arrival_ms"].max()) + 2 * REACH_MS)
    assert not list((tmp_path / FOLDER).rglob("*.arrow"))
    assert not state.velocities(entity_events).any()
