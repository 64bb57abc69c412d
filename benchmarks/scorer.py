"""The whole scorer, from Kafka to Kafka: `python benchmarks/scorer.py --json docs/benchmarks/scorer.json`.

Throughput over a backlog, latency at steady rates, each with a real broker, MLflow and
`python -m streaming` as a process of its own; full features, a model of 300 trees, exactly
once. The same job with Spark's own Kafka sink, and without state, runs beside it. Load and
measurement share the machine's cores with the scorer.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.scorer_load import ALERT_SHARE, CUSTOMERS, TREES, register_models
from benchmarks.scorer_process import (
    SCORER,
    bench_settings,
    fresh_settings,
    in_process,
    running,
    send_at_rate,
    send_backlog,
)
from benchmarks.scorer_swaps import Swaps, swap_latency
from benchmarks.scorer_watch import (
    TOLD_SECONDS,
    OffsetWatcher,
    Reader,
    percentiles,
    phase_seconds,
    predictions_and_alerts,
    slope_mib_per_hour,
)
from fraud_platform.local.stack import Stack

# Not as a script, whose functions Spark would send to its workers with all that they refer to.
PEER = ("-c", "import sys; from benchmarks.scorer_peers import run; run(*sys.argv[1:])")
PEERS = ("spark_sink", "stateless")
COLD_SHARE = 0.2
"""Of a backlog: what is scored while the JVM compiles and Python workers start is left out of the rate."""
WARM_SECONDS = 10
SWAP_SECONDS = 60
"""Between two models of a soak."""
START_SECONDS = 180


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--transactions", type=int, default=1_000_000, help="of the backlog, several batches; 0: no throughput"
    )
    parser.add_argument("--rates", type=float, nargs="*", default=[200, 1_000, 5_000], help="transactions a second")
    parser.add_argument("--minutes", type=float, default=2, help="at each rate")
    parser.add_argument("--peers", nargs="*", default=PEERS, choices=PEERS)
    parser.add_argument(
        "--soak",
        type=float,
        metavar="MINUTES",
        help="memory at 1,000 a second while models take turns, and nothing else",
    )
    parser.add_argument("--quick", action="store_true", help="200,000 transactions, a third of a minute at each rate")
    parser.add_argument("--folder", type=Path, help="for state and checkpoint, such as /dev/shm; default: temporary")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings of the scorer")
    parser.add_argument("--json", type=Path, help="write the results there, too")
    options = parser.parse_args()
    # Ended from outside, it stops its broker and its scorer all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if options.quick:
        options.transactions, options.minutes = 200_000, 1 / 3
    with tempfile.TemporaryDirectory(prefix="fraud-bench-", dir=options.folder, ignore_cleanup_errors=True) as folder:
        report = Benchmark(Path(folder), options).run()
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


class Benchmark:
    """One stack; topics, checkpoint and process of its own for each measurement."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self._folder, self._options = folder, options
        self._settings = bench_settings(folder, dict(pair.split("=", 1) for pair in options.set))
        self._numbers = count(1)
        self._versions: list[int] = []

    def run(self) -> dict[str, Any]:
        stack = Stack(self._settings)
        stack.up(services=["kafka", "mlflow"])
        try:
            self._versions = register_models(self._settings, self._folder / "bundle")
            return {**self._facts(), **self._measure()}
        finally:
            stack.down()

    def _measure(self) -> dict[str, Any]:
        if self._options.soak:
            return {"soak": self._at_rate(1_000, self._options.soak * 60, SWAP_SECONDS)}
        minutes, total = self._options.minutes, self._options.transactions
        throughput: dict[str, Any] = {}
        latency: dict[str, Any] = {}
        if total:
            throughput["scorer"] = _told("scorer", self._backlog("scorer"))
        for rate in self._options.rates:
            latency[f"{rate:g}"] = _told(f"{rate:g}/s", self._at_rate(rate, minutes * 60))
        for name in self._options.peers if total else ():
            try:
                throughput[name] = _told(name, self._backlog(name))
            except RuntimeError as error:  # a peer that does not get through is no reason to lose the rest
                print(name, error, file=sys.stderr)
        return {"throughput": throughput, "latency": latency}

    def _facts(self) -> dict[str, Any]:
        s = self._settings
        return {
            "cores": os.cpu_count(),
            "partitions": s.kafka_partitions,
            "customers": CUSTOMERS,
            "trees": TREES,
            "alert_share": ALERT_SHARE,
            "max_offsets_per_trigger": s.max_offsets_per_trigger,
            "batch_size": s.batch_size,
            "folder": str(self._options.folder or "disk"),
        }

    def _command(self, name: str) -> tuple[str, ...]:
        return SCORER if name == "scorer" else (*PEER, name, str(self._folder / "bundle"))

    def _backlog(self, name: str) -> dict[str, Any]:
        """A backlog worked off: rate of the warm part, CPU of it, and memory at its highest."""
        total = self._options.transactions
        settings = fresh_settings(self._settings, next(self._numbers))
        in_process(send_backlog, settings, total)
        with running(self._command(name), settings, OffsetWatcher(settings)) as (watcher, usage):
            watcher.wait_for(1, START_SECONDS, usage)
            watcher.wait_for(int(total * COLD_SHARE), total / 500, usage)
            began = watcher.wait_for_pause()
            counted, cpu = watcher.count, usage.cpu_seconds()
            phases = phase_seconds(settings) if name == "scorer" else {}
            watcher.wait_for(total, total / 500, usage)
            used, seconds, rows = usage.cpu_seconds() - cpu, watcher.bursts[-1][0] - began, watcher.count - counted
            result = {
                "transactions_per_second": round(rows / seconds),
                "seconds": round(seconds, 1),
                "cpu_us_per_transaction": {k: round(v / rows * 1e6, 1) for k, v in sorted(used.items())},
                "peak_memory_mib": round(max(mib for _, mib in usage.memory_mib)),
            }
            if name == "scorer":
                time.sleep(TOLD_SECONDS)
                result["phase_us_per_transaction"] = {
                    phase: round((total_s - phases.get(phase, (0, 0))[0]) / rows * 1e6, 1)
                    for phase, (total_s, _) in phase_seconds(settings).items()
                }
        result["predictions"], result["alerts"] = predictions_and_alerts(settings)
        return result

    def _at_rate(self, rate: float, seconds: float, swap_seconds: float | None = None) -> dict[str, Any]:
        """Latency from append to visible, warm; CPU share and memory of the scorer; what a change of models costs."""
        settings = fresh_settings(self._settings, next(self._numbers))
        with running(SCORER, settings, Reader(settings)) as (watcher, usage):
            sender = get_context("spawn").Process(
                target=send_at_rate, args=(settings, rate, seconds + WARM_SECONDS), daemon=True
            )
            # A batch compiles what all later ones run.
            in_process(send_at_rate, settings, 100, 1)
            watcher.wait_for(50, START_SECONDS, usage)
            began_with = watcher.count
            sender.start()
            watcher.wait_for(began_with + int(rate * WARM_SECONDS), START_SECONDS, usage)
            began, counted, cpu = time.monotonic(), watcher.count, usage.cpu_seconds()
            phases = phase_seconds(settings)
            swaps = Swaps(settings, self._versions, swap_seconds) if swap_seconds else None
            if swaps:
                swaps.start()
            sender.join()
            if swaps:
                swaps.stop()
            watcher.wait_for(int(counted + 0.9 * rate * seconds), 60 + seconds, usage)
            elapsed = time.monotonic() - began
            memory = [sample for sample in usage.memory_mib if sample[0] >= began] or usage.memory_mib
            return {
                "transactions_per_second": round((watcher.count - counted) / elapsed),
                **percentiles(watcher.latencies_ms[counted:]),
                "cpu_cores": {k: round(v / elapsed, 2) for k, v in sorted((usage.cpu_seconds() - cpu).items())},
                "phase_ms_per_batch": _per_batch(phases, phase_seconds(settings)),
                "memory_mib": round(memory[-1][1]),
                "memory_slope_mib_per_hour": slope_mib_per_hour(memory),
                "memory_mib_by_fifth": [round(np.mean(part)) for part in np.array_split([m for _, m in memory], 5)],
                "minutes": round(seconds / 60, 2),
                **(swap_latency(settings, watcher.seen_ms, watcher.latencies_ms) if swaps else {}),
            }


def _per_batch(before: dict[str, tuple[float, float]], after: dict[str, tuple[float, float]]) -> dict[str, float]:
    result = {}
    for phase, (seconds, batches) in after.items():
        seconds_before, batches_before = before.get(phase, (0, 0))
        result[phase] = round((seconds - seconds_before) / max(1, batches - batches_before) * 1000, 1)
    return result


def _told(name: str, result: dict[str, Any]) -> dict[str, Any]:
    print(name, json.dumps(result), file=sys.stderr, flush=True)
    return result


if __name__ == "__main__":
    main()
