"""What a fold takes of all rows. Whole folds are run by unit/cli/test_backtest.py."""

from datetime import date

import numpy as np
import pandas as pd

from fraud_platform.core.training.dataset import FeatureRows
from fraud_platform.core.training.split import DayRange
from fraud_platform_tests.support.simulated_world import FEATURE_SET

DAYS = np.array(["2026-01-01", "2026-01-02", "2026-01-02", "2026-01-03"], "datetime64[D]")
ROWS = FeatureRows(
    feature_set=FEATURE_SET,
    transaction_ids=np.array(["a", "b", "c", "d"], object),
    features=np.arange(8.0).reshape(4, 2),
    days=DAYS,
    customer_ids=np.array(["x", "y", "z", "x"], object),
    amounts=np.array([1.0, 2.0, 3.0, 4.0]),
    blocked=np.array([False, False, True, True]),
    reports=pd.DataFrame(
        {
            "transaction_id": ["b", "c", "d"],
            "customer_id": None,
            "source": None,
            "is_fraud": True,
            "reported_at_ms": pd.to_datetime(["2026-01-03", "2026-01-04", "2026-01-03"]).astype("int64") // 10**6,
            "date": pd.to_datetime(["2026-01-03", "2026-01-04", "2026-01-03"]),
        }
    ),
)


def test_a_range_has_its_own_rows_the_labels_of_its_time_and_the_blocked_cards_of_all():
    rows = ROWS.labelled(DayRange(date(2026, 1, 2), date(2026, 1, 3), labels_known_by=date(2026, 1, 4)))
    assert rows.amounts.tolist() == [2.0, 3.0] and rows.features.tolist() == [[2.0, 3.0], [4.0, 5.0]]
    assert rows.labels.tolist() == [True, False]
    assert rows.blocked.tolist() == [False, True]
    later = ROWS.labelled(DayRange(date(2026, 1, 2), date(2026, 1, 3), labels_known_by=date(2026, 1, 5)))
    assert later.labels.tolist() == [True, True]
