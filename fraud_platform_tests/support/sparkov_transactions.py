"""Transactions in the columns of Kaggle's Sparkov files, whose frauds are large, at night and in one category."""

import numpy as np
import pandas as pd

ROWS = 6_000
CATEGORIES = ("grocery_pos", "gas_transport", "shopping_net", "misc_net")


def sparkov_transactions(seed: int = 3, first: str = "2026-01-01", days: int = 90) -> pd.DataFrame:
    """Rows in no order of time."""
    rng = np.random.default_rng(seed)
    is_fraud = rng.random(ROWS) < 0.05
    seconds = rng.integers(0, days, ROWS) * 86_400 + np.where(
        is_fraud, rng.integers(0, 3 * 3600, ROWS), rng.integers(6 * 3600, 86_400, ROWS)
    )
    times = pd.Timestamp(first) + pd.to_timedelta(seconds, unit="s")
    card = rng.integers(0, 60, ROWS)
    return pd.DataFrame(
        {
            "trans_date_trans_time": times.strftime("%Y-%m-%d %H:%M:%S"),
            "cc_num": [f"40{number:014}" for number in card],
            "merchant": [f"fraud_{number}" for number in rng.integers(0, 40, ROWS)],
            "category": np.where(is_fraud, "shopping_net", np.array(CATEGORIES)[rng.integers(0, 4, ROWS)]),
            "amt": np.round(np.where(is_fraud, rng.gamma(9, 80, ROWS), rng.gamma(2, 25, ROWS)), 2),
            "lat": 40 + card / 10,
            "long": -75.0,
            "trans_num": [f"t{number}" for number in range(ROWS)],
            "merch_lat": 40 + card / 10 + rng.normal(0, 0.5, ROWS),
            "merch_long": -75 + rng.normal(0, 0.5, ROWS),
            "is_fraud": is_fraud.astype(int),
        }
    )
