"""The feature assets over half a year of a card portfolio, as one Spark job each: `python benchmarks/batch.py`.

Transactions at the shape of the Fraud Detection Handbook's simulator (5,000 customers,
10,000 merchants, 183 days, 1.75 M rows) lie in a lake of the benchmark's own; Dagster
materialises merchant_risk, velocity and transaction_features over all days, as in production.
"""

import argparse
import json
import os
import sys
import tempfile
import threading
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import psutil
import pyarrow as pa

from fraud_platform.core.channels import CHANNELS
from fraud_platform.core.time import DAY_MS, day_start_ms
from fraud_platform.declared import FEATURE_SET
from fraud_platform.definitions import definitions
from fraud_platform.defs.schedules import RANGE_END, RANGE_START
from fraud_platform.pipeline import tables
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.settings import load_settings
from fraud_platform.storage.lake import Lake

FIRST_DAY = date(2026, 1, 1)
CUSTOMERS, MERCHANTS, PARTITIONS = 5_000, 10_000, 2
FRAUD_SHARE = 0.008
ASSETS = ("merchant_risk", "velocity", "transaction_features")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_750_000)
    parser.add_argument("--days", type=int, default=183)
    parser.add_argument("--json", type=Path, help="write the results there, too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fraud-bench-") as folder:
        overrides = {"DATA_DIR": folder, "JARS_DIR": str(PROJECT_ROOT / ".jars"), "START_DATE": str(FIRST_DAY)}
        os.environ.update(overrides)
        # In a process of its own, whose memory goes with it.
        with ProcessPoolExecutor(1, get_context("spawn")) as other:
            other.submit(fill, options.rows, options.days).result()
        platform = PlatformResource()
        results = materialise(platform, options.days)
    report = {"rows": options.rows, "days": options.days, "features": len(FEATURE_SET.names), **results}
    report |= {"cores": os.cpu_count(), "spark_master": platform.settings.spark_master}
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


def materialise(platform: PlatformResource, days: int) -> dict[str, Any]:
    """Seconds of each asset's step, the session's start left out, and the most memory of all processes."""
    job = definitions(platform).resolve_implicit_global_asset_job_def()
    tags = {RANGE_START: str(FIRST_DAY), RANGE_END: str(FIRST_DAY + timedelta(days=days - 1))}
    with dg.DagsterInstance.ephemeral() as instance, PeakMemory() as memory:
        run = job.execute_in_process(
            instance=instance, tags=tags, asset_selection=[dg.AssetKey(asset) for asset in ASSETS]
        )
    seconds = {
        f"{e.asset_key.to_user_string()}_seconds": e.materialization.metadata["seconds"].value
        for e in run.get_asset_materialization_events()
    }
    parts = {name: round(size / 2**30, 2) for name, size in memory.parts.items()}
    return {**seconds, "peak_memory_gib": round(memory.peak / 2**30, 2), "of_which": parts}


class PeakMemory(threading.Thread):
    """Watches the memory of this process and all its children, Spark's JVM and Python workers among them."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self.parts: dict[str, int] = {}
        self._ended = threading.Event()

    def __enter__(self) -> "PeakMemory":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        while not self._ended.wait(1):  # walking the pages of gigabytes takes a tenth of a second
            sizes: dict[str, int] = {}
            for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
                try:
                    name = process.name() + (" (driver)" if process.pid == os.getpid() else "")
                    sizes[name] = sizes.get(name, 0) + process.memory_full_info().pss
                except psutil.Error:
                    continue  # ended meanwhile
            if sum(sizes.values()) > self.peak:
                self.peak, self.parts = sum(sizes.values()), sizes


def fill(rows: int, days: int) -> None:
    """Raw tables: transactions over the days, fraud reports a few days after them."""
    lake = Lake(load_settings())
    rng = np.random.default_rng(20260101)
    time_ms = day_start_ms(FIRST_DAY) + np.sort(rng.integers(0, days * DAY_MS, rows))
    customer = rng.integers(0, CUSTOMERS, rows)
    day = (time_ms // DAY_MS).astype(np.int32)
    partition = (customer % PARTITIONS).astype(np.int32)
    offset = np.empty(rows, np.int64)
    for p in range(PARTITIONS):
        offset[partition == p] = np.arange((partition == p).sum())
    transaction_id = pa.array([f"T{i}" for i in range(rows)])
    transactions = pa.table(
        {
            "date": pa.array(day).cast(pa.date32()),
            "kafka_partition": partition,
            "kafka_offset": offset,
            "kafka_timestamp_ms": time_ms,
            "transaction_id": transaction_id,
            "customer_id": names("C", customer),
            "merchant_id": names("M", rng.integers(0, MERCHANTS, rows)),
            "event_time_ms": time_ms,
            "amount": np.round(rng.gamma(2.0, 25.0, rows), 2),
            "device_id": names("D", customer * 3 + rng.integers(0, 3, rows)),
            "channel": pa.array(CHANNELS).take(pa.array(rng.integers(0, 4, rows))),
            "country": pa.array(["FR", "DE", "GB"]).take(pa.array(rng.integers(0, 3, rows))),
            "latitude": rng.normal(48, 1, rows),
            "longitude": rng.normal(2, 1, rows),
        }
    )
    first, last = FIRST_DAY, FIRST_DAY + timedelta(days=days)
    lake.replace_days(tables.TRANSACTIONS, transactions, first, last)
    fraud = np.flatnonzero(rng.random(rows) < FRAUD_SHARE)
    reported = time_ms[fraud] + rng.integers(1, 6 * DAY_MS, len(fraud))
    order = np.argsort(reported)
    fraud, reported = fraud[order], reported[order]
    reports = pa.table(
        {
            "date": pa.array((reported // DAY_MS).astype(np.int32)).cast(pa.date32()),
            "kafka_partition": np.zeros(len(fraud), np.int32),
            "kafka_offset": np.arange(len(fraud)),
            "kafka_timestamp_ms": reported,
            "transaction_id": transaction_id.take(pa.array(fraud)),
            "is_fraud": np.ones(len(fraud), bool),
            "reported_at_ms": reported,
        }
    )
    lake.replace_days(tables.LABELS, reports, first, last + timedelta(days=7))


def names(prefix: str, numbers: np.ndarray) -> pa.Array:
    """Identifiers of numbered things."""
    unique, index = np.unique(numbers, return_inverse=True)
    return pa.array([f"{prefix}{n:06}" for n in unique]).take(pa.array(index))


if __name__ == "__main__":
    sys.exit(main())
