"""Why there are no features to train on."""

from datetime import date

import pyarrow as pa
import pytest

from fraud_platform.errors import TrainingError
from fraud_platform.messages.arrow_schemas import REJECTED
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.feature_rows import require_features
from fraud_platform.storage.lake import Lake

DAY = date(2026, 5, 1)


@pytest.fixture
def lake(settings) -> Lake:
    return Lake(settings)


def reject(lake: Lake, *faults: tuple[str, str]) -> None:
    rows = [{"date": DAY, "topic": "transactions", "field": field, "reason": reason} for field, reason in faults]
    lake.replace_days(tables.REJECTIONS, pa.Table.from_pylist(rows, REJECTED), DAY, DAY)


def test_where_nothing_was_made_the_way_there_is_told(lake):
    with pytest.raises(TrainingError, match="materialise transaction_features"):
        require_features(lake)


def test_where_all_was_rejected_that_is_told_with_fields_and_reasons(lake):
    reject(lake, *[("customer_id", "is missing")] * 3, ("amount", "expected `float`"))
    with pytest.raises(TrainingError, match=r"every transaction was rejected, 4 messages in all: customer_id is mis"):
        require_features(lake)


def test_of_many_reasons_the_most_frequent_are_told(lake):
    reject(lake, *((f"f{n}", "is missing") for n in range(9)))
    with pytest.raises(TrainingError, match="and 4 other reasons"):
        require_features(lake)
