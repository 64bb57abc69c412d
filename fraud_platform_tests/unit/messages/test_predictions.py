"""What is on the predictions topic and was not written by a scorer: no row, no error, and not in silence."""

import msgspec
import pyarrow as pa
import pytest

from fraud_platform.messages import tolerant
from fraud_platform.messages.arrow_schemas import PREDICTION
from fraud_platform.messages.schemas import Prediction
from fraud_platform.pipeline.prediction_rows import prediction_rows
from fraud_platform_tests.support.foreign_predictions import BAD, GOOD


@pytest.fixture(autouse=True)
def nothing_named_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tolerant, "_named", {})


def rows(values: list[bytes | None]) -> tuple[list[dict], int]:
    """Rows of serving/predictions, and how many messages were skipped."""
    n = len(values)
    batch = pa.RecordBatch.from_pydict(
        {
            "date": pa.array([0] * n, pa.int32()).cast(pa.date32()),
            "kafka_partition": pa.array([2] * n, pa.int32()),
            "kafka_offset": pa.array(range(n), pa.int64()),
            "kafka_timestamp_ms": pa.array([0] * n, pa.int64()),
            "key": pa.array([b"C1"] * n, pa.binary()),
            "value": pa.array(values, pa.binary()),
        }
    )
    skipped: list[int] = []
    table = prediction_rows("predictions", skipped.append)(batch).select(PREDICTION.names).cast(PREDICTION)
    return table.to_pylist(), sum(skipped)


@pytest.mark.parametrize("value", BAD)
def test_a_bad_record_between_good_ones_is_skipped_alone_and_named(value, caplog):
    good = msgspec.json.encode(GOOD)
    found, skipped = rows([good, value, good])
    assert [row["kafka_offset"] for row in found] == [0, 2]
    assert skipped == 1
    assert "1 messages of predictions are no records and are skipped (partition/offset): 2/1: " in caplog.text


@pytest.mark.parametrize("values", [[], [b"garbage"]], ids=["nothing", "nothing good"])
def test_without_a_prediction_there_is_no_row(values):
    assert rows(values) == ([], len(values))


def test_of_a_release_with_other_features_or_other_fields_it_is_a_prediction_all_the_same():
    told = GOOD | {"feature_set": "another", "features": [1.0], "of a newer release": {"a": 1}}
    (row,), skipped = rows([msgspec.json.encode(told)])
    assert skipped == 0
    names = Prediction.__struct_fields__
    assert {name: row[name] for name in names} == {name: told[name] for name in names}
