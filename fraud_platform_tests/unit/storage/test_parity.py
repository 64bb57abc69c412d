"""Parity of stream and batch over a lake, and that it notices one wrong line on the stream's side."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from fraud_platform.cli.main import app
from fraud_platform.core.features.events import COLUMNS, NO_EVENTS
from fraud_platform.core.features.table import MERCHANT_FEATURES, feature_set_hash
from fraud_platform.schemas import Transaction, encode
from fraud_platform.storage.lake import Lake
from fraud_platform.storage.packed import values_of
from fraud_platform.storage.parity import stream_parity
from fraud_platform_tests import feature_lake
from streaming.features import transform
from streaming.state import PartitionState
from streaming.velocity import visits_of
from streaming.velocity_state import VelocityState

BATCHES = 5


@pytest.fixture(scope="module")
def messages() -> list[pa.Table]:
    """The simulated transactions, as the scorer's source gives them, cut into batches."""
    frame = feature_lake.simulated()
    rows = frame[list(COLUMNS)].astype(object).where(frame[list(COLUMNS)].notna(), None).to_dict("records")
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
    return made


def score(lake: Lake, messages: list[pa.Table], folder) -> None:
    """What the scorer would have logged, as serving/predictions; merchant_risk is not there for it, either."""
    tables, velocities = [], []
    for batch_id, batch in enumerate(messages):
        of_batch = []
        for partition in range(feature_lake.PARTITIONS):
            state = PartitionState(folder, partition, batch_id)
            rows, kept = transform(batch.filter(pc.equal(batch["partition"], partition)), state.history)
            state.add(kept)
            of_batch.append(rows)
        visits = visits_of(pa.concat_tables(of_batch))
        velocity = VelocityState(folder, batch_id)
        velocity.add(visits.reshape(-1), {})
        velocities.append(velocity.velocities(visits))
        tables += of_batch
    rows = pa.concat_tables(tables)
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
            "feature_set": pa.repeat(feature_set_hash(), len(rows)),
            "features": pa.array([*np.hstack((values, merchants, np.vstack(velocities)))], pa.list_(pa.float64())),
        }
    )
    lake.replace_days("serving/predictions", logged, feature_lake.FIRST_DAY, feature_lake.LAST_DAY)


def test_the_stream_in_batches_equals_batch_in_one_go(lake, messages, tmp_path):
    score(lake, messages, tmp_path)
    result = stream_parity(lake, feature_lake.FIRST_DAY, feature_lake.LAST_DAY)
    assert result.holds
    assert result.parity.rows == result.scored == sum(map(len, messages))
    assert result.parity.max_difference == 0


@pytest.mark.parametrize(
    ("changed", "feature"),
    [
        # one event of the history is forgotten
        (lambda history: lambda state, customers: history(state, customers)[:-1], "count_30d"),
        # a clock is a millisecond off
        (lambda history: lambda state, customers: later(history(state, customers)), "seconds_since_previous"),
        # nobody was at the merchant before
        (lambda history: lambda state, customers: NO_EVENTS, "merchant_customers_1d"),
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
    moved["time_ms"] += 1
    return moved


def test_the_command_says_so_and_ends_with_1(lake, messages, tmp_path, monkeypatch, settings):
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("COLUMNS", "200")
    score(lake, messages, tmp_path / "right")
    assert CliRunner().invoke(app, ["parity"]).exit_code == 0
    monkeypatch.setattr(PartitionState, "history", lambda state, customers: NO_EVENTS)
    score(lake, messages, tmp_path / "wrong")
    result = CliRunner().invoke(app, ["parity"])
    assert result.exit_code == 1
    assert "in batch" in result.stdout


def test_the_command_without_predictions_says_what_to_do(settings, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))
    result = CliRunner().invoke(app, ["parity"])
    assert result.exit_code == 2
    assert "materialise scored_transactions first" in result.stderr
