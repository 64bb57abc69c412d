"""What features cost: `python benchmarks/features.py --json features.json`.

The 15 features of the Fraud Detection Handbook, on generated transactions of its shape,
by a port to this platform's primitives, by Polars and by the handbook's own pandas code:
time, memory, and how far the results lie apart. Then the kernel itself: all declared
customer features on one core.

With the handbook's published files at hand, `--handbook DIR` compares the features on
those instead: the port against pandas.

A short trial: `python benchmarks/features.py --rows 50000 --runs 2`.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.handbook_features import METHODS, NAMES, ROWS, Transactions, generated, read_handbook
from fraud_platform.core.features.event_layout import EventArray
from fraud_platform.core.time import DAY_MS
from fraud_platform.declared import FEATURE_SET

THREADS = 2
WHOLE_KERNEL_ROWS = 300_000
RUNS_OF_PANDAS = 1
"""It takes a minute, so that chance matters little."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS, help="generated transactions")
    parser.add_argument("--runs", type=int, default=7, help="of which the median counts")
    parser.add_argument("--handbook", type=Path, metavar="DIR", help="compare on the handbook's files in DIR instead")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there instead of to the screen")
    options = parser.parse_args()
    os.environ["POLARS_MAX_THREADS"] = str(THREADS)  # read when a worker imports Polars
    report = {"machine": machine()}
    if options.handbook:
        report |= compare(read_handbook(options.handbook))
    else:
        report |= measure(options.rows, options.runs)
    text = json.dumps(report, indent=2)
    if options.json:
        options.json.write_text(text + "\n")
    else:
        print(text)


def machine() -> dict[str, Any]:
    packages = {name: version(name) for name in ("numpy", "polars", "pandas")}
    return {"cores": os.cpu_count(), "architecture": platform.machine(), "python": platform.python_version()} | packages


def compare(transactions: Transactions) -> dict[str, Any]:
    """Rows and largest difference of each feature, port against pandas."""
    ours, theirs = (compute(prepare(transactions)) for prepare, compute in (METHODS["kernel"], METHODS["pandas"]))
    rows = len(transactions.customer)
    apart = {name: {"rows": rows, "max_difference": difference(ours[name], theirs[name])} for name in NAMES}
    return {"kernel_and_pandas": apart}


def difference(one: Any, other: Any) -> float:
    """Largest absolute one; NaN if either has a NaN."""
    return float(np.abs(np.asarray(one, np.float64) - np.asarray(other, np.float64)).max())


def measure(rows: int, runs: int) -> dict[str, Any]:
    """Each method in a process of its own, which has its memory to itself; their runs take turns."""
    context = get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="fraud-bench-") as name:
        folder = Path(name)
        with ProcessPoolExecutor(1, context) as writer:
            made = writer.submit(write_transactions, folder, rows).result()
        workers = {method: ProcessPoolExecutor(1, context, load, (folder, method)) for method in METHODS}
        measured: dict[str, list[dict[str, float]]] = {method: [] for method in METHODS}
        for i in range(runs):
            for method, worker in workers.items():
                if method != "pandas" or i < RUNS_OF_PANDAS:
                    measured[method].append(worker.submit(run_once).result())
        for method, worker in workers.items():
            worker.submit(write_result, folder / f"{method}.npy").result()
            worker.shutdown()
        results = {method: np.load(folder / f"{method}.npy", mmap_mode="r") for method in METHODS}
        apart = {
            f"kernel_{method}": max(map(difference, results["kernel"], results[method])) for method in list(METHODS)[1:]
        }
    with ProcessPoolExecutor(1, context) as worker:
        whole = worker.submit(whole_kernel, runs).result()
    methods = {method: summary(each) for method, each in measured.items()}
    ratio = {unit: round(methods["kernel"][unit] / methods["polars"][unit], 2) for unit in ("wall_s", "cpu_s")}
    return {
        "rows": made,
        "features": len(NAMES),
        "polars_threads": THREADS,
        "methods": methods,
        "kernel_to_polars": ratio,
        "max_difference": apart,
        "whole_kernel": whole,
    }


def summary(runs: list[dict[str, float]]) -> dict[str, float]:
    """Medians; the peak is that of the whole process, over what it held before the first run."""
    medians = {unit: round(statistics.median(run[unit] for run in runs), 3) for unit in ("wall_s", "cpu_s")}
    return {**medians, "peak_megabytes": round(max(run["peak_megabytes"] for run in runs)), "runs": len(runs)}


_worker: dict[str, Any] = {}
"""What a worker process holds: its method, its input, its last result."""


def write_transactions(folder: Path, rows: int) -> int:
    transactions = generated(rows)
    for name, column in transactions._asdict().items():
        np.save(folder / f"{name}.npy", column)
    return len(transactions.customer)


def load(folder: Path, method: str) -> None:
    """In a worker: the transactions in the form that the method wants."""
    transactions = Transactions(*(np.load(folder / f"{name}.npy") for name in Transactions._fields))
    prepare, _worker["compute"] = METHODS[method]
    _worker["input"] = prepare(transactions)
    _worker["held"] = peak_megabytes()


def run_once() -> dict[str, float]:
    _worker.pop("result", None)
    wall, cpu = time.perf_counter(), time.process_time()
    _worker["result"] = _worker["compute"](_worker["input"])
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"wall_s": wall, "cpu_s": cpu, "peak_megabytes": peak_megabytes() - _worker["held"]}


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def write_result(path: Path) -> None:
    np.save(path, np.stack([np.asarray(_worker["result"][name], np.float64) for name in NAMES]))


def whole_kernel(runs: int) -> dict[str, Any]:
    """Rows per second of all declared customer features, on one core."""
    sample, kernel, none = events(WHOLE_KERNEL_ROWS), FEATURE_SET.kernel, FEATURE_SET.layout.empty
    kernel.features(none, sample)
    seconds = []
    for _ in range(runs):
        started = time.process_time()
        kernel.features(none, sample)
        seconds.append(time.process_time() - started)
    median = statistics.median(seconds)
    return {
        "rows": len(sample),
        "features": len(FEATURE_SET.of_key),
        "cpu_s": round(median, 3),
        "rows_per_second_per_core": round(len(sample) / median),
        "runs": runs,
    }


def events(rows: int, customers: int = 3000, days: int = 60) -> EventArray:
    """Transactions of customers with a few merchants and devices each, in arrival order."""
    rng = np.random.default_rng(20260101)
    made = np.zeros(rows, FEATURE_SET.layout.dtype)
    made["_key"] = rng.integers(1, 2**62, customers)[rng.integers(0, customers, rows)]
    made["_transaction"] = rng.integers(1, 2**62, rows)
    made["merchant_id"] = rng.integers(1, 2**62, 800)[rng.integers(0, 800, rows)]
    made["device_id"] = made["_key"] + rng.integers(0, 3, rows)
    made["_time_ms"] = 1_767_225_600_000 + np.sort(rng.integers(0, days * DAY_MS, rows))
    made["amount"] = rng.integers(1, 50_000, rows)
    made["latitude"], made["longitude"] = rng.normal(48, 1, rows), rng.normal(2, 1, rows)
    made["country"], made["channel"] = rng.integers(0, 30, rows), rng.integers(0, 5, rows)
    return made


if __name__ == "__main__":
    main()
