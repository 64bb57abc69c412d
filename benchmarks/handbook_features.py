"""The 15 features of the Fraud Detection Handbook (chapter 3.4), computed in three ways, for benchmarks/features.py.

Every way takes transactions in the form it wants and returns the columns NAMES in
arrival order. Windows of w days: a customer's are (t - w, t], the transaction itself
included; a terminal's are (t - 7 - w, t - 7], when labels are known.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from benchmarks.settled import Moments, settled_sums
from fraud_platform.core.features.windows import segment_starts, separated_key
from fraud_platform.core.time import DAY_MS, HOUR_MS

DAYS = (1, 7, 30)
DELAY_DAYS = 7
NAMES = (
    "amount",
    "weekend",
    "night",
    *(f"customer_{what}_{days}d" for days in DAYS for what in ("count", "mean")),
    *(f"terminal_{what}_{days}d" for days in DAYS for what in ("count", "risk")),
)
ROWS, CUSTOMERS, TERMINALS, PERIOD_DAYS = 1_750_000, 5_000, 10_000, 183
START_MS = pd.Timestamp("2018-04-01").value // 1_000_000


class Transactions(NamedTuple):
    """Columns in arrival order, all (n,)."""

    customer: NDArray[np.int64]
    terminal: NDArray[np.int64]
    time_ms: NDArray[np.int64]
    amount: NDArray[np.float64]
    fraud: NDArray[np.int64]


def generated(rows: int = ROWS, seed: int = 20180401) -> Transactions:
    """About `rows` transactions at the handbook's shape: whole seconds, none twice for a customer.

    Fewer rows are of fewer customers and terminals. Customers differ in their rate and
    spending, and use up to a hundred terminals each; days have a peak around noon; one
    terminal-day in 120 is fraudulent.
    """
    rng = np.random.default_rng(seed)
    customers, terminals = (max(1, round(number * rows / ROWS)) for number in (CUSTOMERS, TERMINALS))
    rate = rng.uniform(0, 4, customers)
    customer = rng.choice(customers, rows, p=rate / rate.sum())
    second = rng.normal(43_200, 20_000, rows).astype(np.int64) % 86_400
    time_ms = START_MS + rng.integers(0, PERIOD_DAYS, rows) * DAY_MS + second * 1000
    _, once = np.unique(time_ms * customers + customer, return_index=True)  # sorted by time
    customer, time_ms = customer[once], time_ms[once]
    terminal = (customer * 97 + rng.integers(0, 100, len(once)) * 31) % terminals
    spending = rng.uniform(5, 100, customers)[customer]
    amount = np.round(np.abs(rng.normal(spending, spending / 2)), 2)
    compromised = rng.random((terminals, PERIOD_DAYS)) < 1 / 120
    fraud = compromised[terminal, (time_ms - START_MS) // DAY_MS].astype(np.int64)
    return Transactions(customer, terminal, time_ms, amount, fraud)


def read_handbook(folder: Path) -> Transactions:
    """The handbook's transactions in the order of time; see `read_frame`."""
    frame = read_frame(folder)
    customer, terminal, fraud = (
        frame[name].to_numpy().astype(np.int64) for name in ("CUSTOMER_ID", "TERMINAL_ID", "TX_FRAUD")
    )
    time_ms = frame["TX_DATETIME"].to_numpy().astype("datetime64[ms]").astype(np.int64)
    return Transactions(customer, terminal, time_ms, frame["TX_AMOUNT"].to_numpy(np.float64), fraud)


def read_frame(folder: Path) -> pd.DataFrame:
    """The handbook's files in a folder, its daily pickles or Parquet files, with its columns, in the order of time."""
    paths = sorted(folder.glob("*.pkl")) or sorted(folder.glob("*.parquet"))
    if not paths:
        raise SystemExit(
            f"{folder} has neither .pkl nor .parquet files: name the folder of the handbook's transactions"
        )
    frame = pd.concat(pd.read_pickle(p) if p.suffix == ".pkl" else pd.read_parquet(p) for p in paths)  # noqa: S301
    return frame.sort_values(["TX_DATETIME", "TRANSACTION_ID"])


def kernel_input(transactions: Transactions) -> Transactions:
    """Identifiers as hashes, as in an EVENT row; none is 0, which means unknown."""
    customer, terminal = (pd.util.hash_array(ids + 1).astype(np.int64) for ids in transactions[:2])
    return transactions._replace(customer=customer, terminal=terminal)


def kernel_features(transactions: Transactions) -> dict[str, NDArray[Any]]:
    """A port to the platform's primitives: integer sums, customers' windows as its kernel cuts them."""
    time_ms = transactions.time_ms
    columns: dict[str, NDArray[Any]] = {
        "amount": transactions.amount,
        "weekend": (time_ms // DAY_MS + 3) % 7 >= 5,  # 1970-01-01 was a Thursday
        "night": time_ms // HOUR_MS % 24 <= 6,
    }
    columns |= _customer_windows(transactions)
    terminals = Moments(transactions.terminal, time_ms)
    windows_ms = [days * DAY_MS for days in DAYS]
    settled = settled_sums(terminals, (transactions.fraud,), terminals, DELAY_DAYS * DAY_MS, windows_ms)
    for days, (count, frauds) in zip(DAYS, settled, strict=True):
        columns |= {f"terminal_count_{days}d": count, f"terminal_risk_{days}d": frauds / np.maximum(count, 1)}
    return columns


def _customer_windows(transactions: Transactions) -> dict[str, NDArray[Any]]:
    """As in kernel.py: rows sorted by customer and arrival, windows cut by a search, sums by their running total."""
    order = np.argsort(transactions.customer, kind="stable")
    customer = transactions.customer[order]
    segments = np.zeros(len(order), np.int64)
    segments[segment_starts(customer)[1:]] = 1
    key = separated_key(np.cumsum(segments), transactions.time_ms[order])
    total = np.concatenate(([0], np.cumsum(np.rint(transactions.amount[order] * 100).astype(np.int64))))
    row = np.arange(len(order))
    columns = {}
    for days in DAYS:
        first = np.searchsorted(key, key - days * DAY_MS, side="right")
        count, mean = np.empty(len(order), np.int64), np.empty(len(order))
        count[order] = row + 1 - first
        mean[order] = (total[1:] - total[first]) / 100 / (row + 1 - first)
        columns |= {f"customer_count_{days}d": count, f"customer_mean_{days}d": mean}
    return columns


def polars_input(transactions: Transactions) -> pl.DataFrame:
    return pl.DataFrame(transactions._asdict()).with_columns(
        time=pl.col("time_ms").cast(pl.Datetime("ms")).set_sorted(), fraud=pl.col("fraud").cast(pl.Int8)
    )


def polars_features(frame: pl.DataFrame) -> pl.DataFrame:
    """Rolling expressions over groups: the fastest of what Polars offers for this.

    Tried besides, and slower: rolling_mean_by(...).over, DataFrame.rolling(group_by=...)
    on sorted and unsorted rows, and running sums joined by join_asof.
    """
    windows = []
    for days in DAYS:
        spent = {"count": pl.len(), "mean": pl.col("amount").mean()}
        windows += [
            value.rolling("time", period=f"{days}d").over("customer").alias(f"customer_{what}_{days}d")
            for what, value in spent.items()
        ]
        settled = {"count": pl.len(), "risk": pl.col("fraud").mean().fill_null(0.0)}
        windows += [
            value.rolling("time", period=f"{days}d", offset=f"-{DELAY_DAYS + days}d")
            .over("terminal")
            .alias(f"terminal_{what}_{days}d")
            for what, value in settled.items()
        ]
    weekend, night = pl.col("time").dt.weekday() >= 6, pl.col("time").dt.hour() <= 6
    return frame.lazy().select("amount", weekend.alias("weekend"), night.alias("night"), *windows).collect()


def pandas_input(transactions: Transactions) -> pd.DataFrame:
    frame = pd.DataFrame(transactions._asdict())
    return frame.assign(time=pd.to_datetime(frame.pop("time_ms"), unit="ms"), row=np.arange(len(frame)))


def pandas_features(frame: pd.DataFrame) -> pd.DataFrame:
    """The handbook's own functions, a group at a time; its names and its order of steps, ties in arrival order."""
    frame = frame.assign(
        weekend=frame["time"].apply(lambda time: int(time.weekday() >= 5)),
        night=frame["time"].apply(lambda time: int(time.hour <= 6)),
    )
    for entity, windows in (("customer", _customer_spending), ("terminal", _terminal_risk)):
        frame = frame.groupby(entity, group_keys=True).apply(windows, include_groups=False).reset_index(entity)
        frame = frame.sort_values("row").reset_index(drop=True)
    return frame


def _customer_spending(transactions: pd.DataFrame) -> pd.DataFrame:
    amounts = transactions.set_index("time")["amount"]
    columns = {}
    for days in DAYS:
        window = amounts.rolling(f"{days}d")
        count = window.count().to_numpy()
        columns |= {f"customer_count_{days}d": count, f"customer_mean_{days}d": window.sum().to_numpy() / count}
    return transactions.assign(**columns)


def _terminal_risk(transactions: pd.DataFrame) -> pd.DataFrame:
    frauds = transactions.set_index("time")["fraud"]
    delay = frauds.rolling(f"{DELAY_DAYS}d")
    delay_frauds, delay_count = delay.sum(), delay.count()
    columns = {}
    for days in DAYS:
        window = frauds.rolling(f"{DELAY_DAYS + days}d")
        count = window.count() - delay_count
        risk = ((window.sum() - delay_frauds) / count).fillna(0)
        columns |= {f"terminal_count_{days}d": count.to_numpy(), f"terminal_risk_{days}d": risk.to_numpy()}
    return transactions.assign(**columns)


METHODS = {
    "kernel": (kernel_input, kernel_features),
    "polars": (polars_input, polars_features),
    "pandas": (pandas_input, pandas_features),
}
