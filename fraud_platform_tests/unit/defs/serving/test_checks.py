"""every_prediction_is_made_once over a small lake."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from fraud_platform.defs.serving.checks import every_prediction_is_made_once
from fraud_platform.operations import duplicate_predictions as repeats
from fraud_platform.pipeline import tables
from fraud_platform.resources.platform import PlatformResource
from fraud_platform_tests.support.asset_checks import passes

DAY = date(2026, 5, 2)
BEFORE = DAY - timedelta(days=1)
NO_PLACES: list[tuple[int, int]] = []


@pytest.mark.parametrize(
    ("before", "day", "once"),
    [
        (NO_PLACES, [(0, 7), (0, 8), (1, 7), (1, 30)], True),
        (NO_PLACES, [(0, 7), (1, 7), (0, 7)], False),
        ([(0, 5), (0, 6), (1, 6)], [(0, 7), (1, 5)], True),
        ([(0, 5), (0, 6), (0, 29)], [(0, 30), (0, 6)], False),
        ([(1, 5), (1, 6), (1, 4)], [(0, 30), (1, 4)], False),
    ],
    ids=["first day", "twice on the day", "neighbouring days", "scored again", "scored again in another partition"],
)
def test_a_prediction_made_twice_is_noticed_on_whatever_day(tmp_path, monkeypatch, before, day, once):
    monkeypatch.setattr(repeats, "OFFSETS_AT_ONCE", 10)
    platform = PlatformResource(overrides={"data_dir": str(tmp_path)})
    partition, offset = np.array([*before, *day], np.int64).T
    dates = pa.array([BEFORE] * len(before) + [DAY] * len(day))
    rows = pa.table({"date": dates, "source_partition": partition.astype(np.int32), "source_offset": offset})
    platform.lake.replace_days(tables.PREDICTIONS, rows, BEFORE, DAY)
    days = {"first_day": str(DAY), "last_day": str(DAY)}
    assert passes(every_prediction_is_made_once, platform, "scored_transactions", **days) is once
