"""Files in the columns of a declaration."""

import pandas as pd
import pytest

from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.errors import ConfigurationError
from fraud_platform.feeding.declared_file import read_declared

DECLARED = """
name: small
fields:
  id: {{type: id, role: transaction}}
  card: {{type: id, role: key}}
  at: {{type: timestamp, role: time, {time}}}
  amount: {{type: decimal, role: amount, scale: 2}}
  mcc: {{type: category, optional: true}}
  tip: {{type: number, optional: true}}
labels: {{transaction: id, is_fraud: fraud, reported_at: reported}}
features: [{{value: amount}}]
"""
FRAME = pd.DataFrame(
    {
        "id": ["b", "a"],
        "card": [7, 8],
        "at": ["2026-01-02 00:00:01", "2026-01-02 00:00:00"],
        "amount": [2.5, 1.25],
        "mcc": ["5411", None],
        "fraud": [1, 0],
    }
)


def read(folder, frame: pd.DataFrame, time: str = "format: '%Y-%m-%d %H:%M:%S', zone: UTC") -> pd.DataFrame:
    frame.to_parquet(folder / "1.parquet")
    return read_declared(folder, read_declaration(DECLARED.format(time=time), "small.yaml"))


def test_rows_come_in_the_order_of_time_with_values_as_declared(tmp_path):
    frame = read(tmp_path, FRAME)
    assert frame["id"].tolist() == ["a", "b"] and frame["card"].tolist() == ["8", "7"]
    assert frame["at"].tolist() == [1_767_312_000_000, 1_767_312_001_000]
    assert frame["mcc"].tolist() == [None, "5411"] and frame["tip"].isna().all()
    assert frame["is_fraud"].tolist() == [False, True]


@pytest.mark.parametrize(
    ("time", "values", "first_ms"),
    [
        ("unit: s", [5, 3], 3_000),
        ("unit: h, epoch: '2017-01-01T00:00:00Z'", [2, 1], 1_483_232_400_000),
        ("zone: Europe/Berlin", ["2026-07-01T00:00:00", "2026-06-30T23:59:59"], 1_782_856_799_000),
    ],
)
def test_times_are_read_as_declared(tmp_path, time, values, first_ms):
    assert read(tmp_path, FRAME.assign(at=values), time)["at"].tolist()[0] == first_ms


def test_what_cannot_be_read_is_one_clear_line(tmp_path):
    with pytest.raises(ConfigurationError, match="column amount cannot be read as amount"):
        read(tmp_path, FRAME.assign(amount=["much", "more"]))
    with pytest.raises(ConfigurationError, match="column at cannot be read as at"):
        read(tmp_path, FRAME.assign(at="yesterday"))
    with pytest.raises(ConfigurationError, match="has no column card, fraud that declaration small names"):
        read(tmp_path, FRAME.drop(columns=["card", "fraud"]))
