"""Parity of stream and batch over a lake, and that it notices one wrong line on the stream's side."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from fraud_platform.cli.main import app
from fraud_platform.messages.schemas import Transaction, encode
from fraud_platform.operations.parity import SAMPLED_ROWS, _slices, stream_parity
from fraud_platform.pipeline import tables
from fraud_platform.storage.arrow_bytes import values_of
from fraud_platform.storage.lake import Lake
from fraud_platform_tests.support import feature_lake
from fraud_platform_tests.support.simulated_world import FEATURE_SET, FIELD_NAMES, LAYOUT, MERCHANT_FEATURES
from streaming.batch.features import transform
from streaming.batch.velocity import entity_events_in
from streaming.state.customers import PartitionState
from streaming.state.entities import VelocityState

BATCHES = 5


@pytest.fixture(scope="module")
def messages() -> list[pa.Table]:
    """The simulated transactions, as the scorer's source gives them, cut into batches."""
    frame = feature_lake.simulated()
    rows = frame[list(FIELD_NAMES)].astype(object).where(frame[list(FIELD_NAMES)].notna(), None).to_dict("records")
    table = pa.table(
        {
            "partition": pa.array(frame["kafka_partition"]),
            "offset": pa.array(frame["kafka_offset"]),
            "timestamp_ms": pa.array(frame["event_time_ms"]),
            "key": pa.array(frame["customer_id"].str.encode("utf-8").tolist(), pa.binary()),
            "value": pa.array([encode(Transaction(schema_version=1, **row)) for row in rows], pa.binary()),
        }
    )
    bounds = np.linspace(0, len(table), BATCHES + 1).astype(int)
    return [table.slice(start, end - start) for start, end in pairwise(bounds)]


@pytest.fixture
def lake(settings) -> Lake:
    made = Lake(settings)
    feature_lake.fill(made)
    feature_lake.fill_transactions(made)
    return made


def score(lake: Lake, messages: list[pa.Table], folder) -> None:
    """What the scorer would have logged, as serving/predictions; merchant_risk is not there for it, either."""
    parts, velocities = [], []
    for batch_id, batch in enumerate(messages):
        of_batch = []
        for partition in range(feature_lake.PARTITIONS):
            state = PartitionState(folder, partition, batch_id)
            rows, kept = transform(batch.filter(pc.equal(batch["partition"], partition)), state.history)
            state.add(kept)
            of_batch.append(rows)
        entity_events = entity_events_in(pa.concat_tables(of_batch))
        velocity = VelocityState(folder, batch_id)
        velocity.add(entity_events.reshape(-1), {})
        velocities.append(velocity.velocities(entity_events))
        parts += of_batch
    rows = pa.concat_tables(parts)
    values = values_of(rows["customer_features"], np.float64)
    merchants = np.tile([f.default for f in MERCHANT_FEATURES], (len(rows), 1))
    logged = pa.table(
        {
            "date": pa.array(rows["timestamp_ms"].to_numpy().astype("datetime64[ms]").astype("datetime64[D]")),
            "source_partition": rows["partition"],
            "source_offset": rows["offset"],
            "transaction_id": rows["transaction_id"],
            "event_time_ms": rows["event_time_ms"],
            "merchant_risk_date": pa.nulls(len(rows), pa.string()),
            "scored_at_ms": rows["timestamp_ms"],
            "feature_set": pa.repeat(FEATURE_SET.hash, len(rows)),
            "features": pa.array([*np.hstack((values, merchants, np.vstack(velocities)))], pa.list_(pa.float64())),
        }
    )
    lake.replace_days(tables.PREDICTIONS, logged, feature_lake.FIRST_DAY, feature_lake.LAST_DAY)


def test_the_stream_in_batches_equals_batch_in_one_go(lake, messages, tmp_path):
    score(lake, messages, tmp_path)
    result = stream_parity(lake, feature_lake.FIRST_DAY, feature_lake.LAST_DAY)
    assert result.holds
    assert result.parity.rows == result.scored == sum(map(len, messages))
    assert result.parity.max_difference == 0
    assert result.newest_scored_at_ms == max(table["timestamp_ms"].to_numpy().max() for table in messages)


def test_a_part_of_the_rows_is_compared_without_reading_the_others(lake, messages, tmp_path):
    score(lake, messages, tmp_path)
    stored = lake.read(tables.PREDICTIONS)
    some = stored.take(np.r_[0:50, len(stored) // 2 : len(stored) // 2 + 50])
    lake.overwrite(tables.PREDICTIONS, some)
    result = stream_parity(lake, feature_lake.FIRST_DAY, feature_lake.LAST_DAY)
    assert result.holds and result.parity.rows == 100


def test_nothing_compared_does_not_hold(lake, messages, tmp_path):
    score(lake, messages, tmp_path)
    lake.overwrite(tables.PREDICTIONS, lake.read(tables.PREDICTIONS).slice(0, 0))
    result = stream_parity(lake, feature_lake.FIRST_DAY, feature_lake.LAST_DAY)
    assert (result.holds, result.agrees, result.newest_scored_at_ms) == (False, True, None)
    assert str(result).startswith("nothing was compared")


@pytest.mark.parametrize("ends", [{0: 5}, {0: 900_000, 1: 100_000}, {0: 30_000, 1: 0}, {0: 3, 1: 1_000_000, 2: 0}])
def test_a_sample_of_the_newest_predictions_spans_the_time_and_stays_small(ends):
    ranges = {partition: (0, end) for partition, end in ends.items()}
    slices = list(_slices(ranges))
    covered = {p: [s[p] for s in slices if p in s and s[p][0] < s[p][1]] for p in ranges}
    assert sum(end - start for parts in covered.values() for start, end in parts) <= SAMPLED_ROWS
    for partition, end in ends.items():
        if end:
            assert min(start for start, _ in covered[partition]) == 0
            assert max(stop for _, stop in covered[partition]) == end


@pytest.mark.parametrize(
    ("changed", "feature"),
    [
        # one event of the history is forgotten
        (lambda history: lambda state, customers: history(state, customers)[:-1], "count_30d"),
        # a clock is a millisecond off
        (lambda history: lambda state, customers: later(history(state, customers)), "seconds_since_previous"),
        # nobody was at the merchant before
        (lambda history: lambda state, customers: LAYOUT.empty, "merchant_customers_1d"),
    ],
)
def test_one_changed_line_on_the_streams_side_is_noticed(lake, messages, tmp_path, monkeypatch, changed, feature):
    monkeypatch.setattr(PartitionState, "history", changed(PartitionState.history))
    score(lake, messages, tmp_path)
    result = stream_parity(lake, feature_lake.FIRST_DAY, feature_lake.LAST_DAY)
    assert not result.holds
    assert feature in result.parity.differing


def later(history: np.ndarray) -> np.ndarray:
    moved = history.copy()
    moved["_time_ms"] += 1
    return moved


def test_the_command_says_so_and_ends_with_1(lake, messages, tmp_path, monkeypatch, settings):
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("FIELD_NAMES", "200")
    score(lake, messages, tmp_path / "right")
    assert CliRunner().invoke(app, ["parity"]).exit_code == 0
    monkeypatch.setattr(PartitionState, "history", lambda state, customers: LAYOUT.empty)
    score(lake, messages, tmp_path / "wrong")
    result = CliRunner().invoke(app, ["parity"])
    assert result.exit_code == 1
    assert "in batch" in result.stdout


def test_the_command_without_predictions_says_what_to_do(settings, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))
    result = CliRunner().invoke(app, ["parity"])
    assert result.exit_code == 2
    assert "materialise scored_transactions first" in result.stderr


def test_the_command_does_not_take_nothing_for_agreement(lake, messages, tmp_path, monkeypatch, settings):
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))
    score(lake, messages, tmp_path)
    stored = lake.read(tables.PREDICTIONS)
    moved = pc.add(stored["source_offset"], 1_000_000)  # batch has not come so far
    place = stored.column_names.index("source_offset")
    lake.overwrite(tables.PREDICTIONS, stored.set_column(place, "source_offset", moved))
    result = CliRunner().invoke(app, ["parity"])
    assert result.exit_code == 2
    assert "nothing was compared" in result.stderr and "materialise transaction_features" in result.stderr
