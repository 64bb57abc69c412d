"""Transactions in the shape of the handbook's: whole seconds, large, multiplied and merchant-wide frauds."""

import numpy as np
import pandas as pd

from fraud_platform.core.time import DAY_MS

CUSTOMERS, MERCHANTS, DAYS, PER_DAY = 400, 120, 56, 150
START = pd.Timestamp("2018-04-01")


def transactions(seed: int = 1) -> pd.DataFrame:
    """About 8,400 rows over 56 days, of which about 3 % are frauds."""
    rng = np.random.default_rng(seed)
    count = DAYS * PER_DAY
    second = np.sort(rng.integers(0, DAYS * 86_400, count))
    day, customer, merchant = second // 86_400, rng.integers(0, CUSTOMERS, count), rng.integers(0, MERCHANTS, count)
    spending = rng.uniform(5, 60, CUSTOMERS)[customer]
    amount = np.abs(rng.normal(spending, spending / 3))
    multiplied = rng.random(count) < 0.01
    amount = np.round(np.where(multiplied, 5 * amount, amount), 2)
    taken_over = rng.integers(-14, DAYS, MERCHANTS)  # of every sixth merchant: for two weeks
    over = (merchant % 6 == 0) & (day >= taken_over[merchant]) & (day < taken_over[merchant] + 14)
    return pd.DataFrame(
        {
            "transaction_id": [f"T{i:05d}" for i in range(count)],
            "customer_id": [f"C{i}" for i in customer],
            "merchant_id": [f"M{i}" for i in merchant],
            "event_time_ms": START.value // 1_000_000 + second * 1000,
            "amount": amount,
            "is_fraud": multiplied | over,
        }
    )


def with_labels(frame: pd.DataFrame, changed: np.ndarray, seed: int = 2) -> pd.DataFrame:
    """The same transactions with the labels of the `changed` rows shuffled among them."""
    labels = frame["is_fraud"].to_numpy().copy()
    labels[changed] = np.random.default_rng(seed).permutation(labels[changed])
    return frame.assign(is_fraud=labels)


def day_of(frame: pd.DataFrame) -> np.ndarray:
    """Days since the first one."""
    return ((frame["event_time_ms"] - START.value // 1_000_000) // DAY_MS).to_numpy()
