"""model_performance over a small lake: which reports count for the predictions of a day."""

from datetime import date, timedelta

import dagster as dg
import numpy as np
import pyarrow as pa
import pytest

from fraud_platform.core.time import day_start_ms
from fraud_platform.defs.monitoring.assets import model_performance
from fraud_platform.pipeline import tables
from fraud_platform.resources.platform import PlatformResource

SCORED, DELAY_DAYS = date(2026, 3, 10), 4
AS_OF = SCORED + timedelta(days=DELAY_DAYS + 1)


@pytest.fixture
def platform(tmp_path) -> PlatformResource:
    """Two predictions of the day, one of them made five days after its transaction, as the scorer had been down."""
    platform = PlatformResource(overrides={"data_dir": str(tmp_path), "label_delay_days": str(DELAY_DAYS)})
    predictions = pa.table(
        {
            "date": pa.repeat(SCORED, 2),
            "model_version": pa.array([1, 1], pa.int32()),
            "transaction_id": ["of the day", "of the outage"],
            "customer_id": ["a", "b"],
            "is_fraud": [True, True],
            "probability": [0.9, 0.8],
            "event_time_ms": [day_start_ms(SCORED), day_start_ms(SCORED - timedelta(days=5))],
        }
    )
    platform.lake.replace_days(tables.PREDICTIONS, predictions, SCORED, SCORED)
    return platform


def frauds(platform: PlatformResource, *reports: tuple[str, bool, date]) -> int:
    """Frauds among the predictions by reports that arrived at the start of these days, in this order."""
    ids, is_fraud, days = zip(*reports, strict=True)
    rows = pa.table(
        {
            "date": pa.array(days),
            "kafka_partition": np.zeros(len(ids), np.int32),
            "kafka_offset": np.arange(len(ids)),
            "transaction_id": ids,
            "is_fraud": is_fraud,
            "reported_at_ms": [day_start_ms(day) for day in days],
        }
    )
    # The order of rows in the lake is none.
    platform.lake.replace_days(tables.LABELS, rows[::-1], min(days), max(days))
    dg.materialize([model_performance], partition_key=AS_OF.isoformat(), resources={"platform": platform})
    (row,) = platform.lake.read(tables.PERFORMANCE).to_pylist()
    assert (row["date"], row["scored_day"], row["transactions"]) == (AS_OF, SCORED, 2)
    return row["frauds"]


def test_a_report_that_came_before_the_prediction_counts(platform):
    assert frauds(platform, ("of the outage", True, SCORED - timedelta(days=4))) == 1


def test_a_report_of_the_day_that_labels_are_mature_at_does_not_count(platform):
    assert frauds(platform, ("of the day", True, AS_OF - timedelta(days=1)), ("of the outage", True, AS_OF)) == 1


def test_of_two_reports_of_one_time_the_later_arrival_counts(platform):
    assert frauds(platform, ("of the day", True, SCORED), ("of the day", False, SCORED)) == 0


def test_a_day_without_predictions_has_no_row(platform):
    key = (AS_OF + timedelta(days=1)).isoformat()
    dg.materialize([model_performance], partition_key=key, resources={"platform": platform})
    assert platform.lake.read(tables.PERFORMANCE).num_rows == 0
