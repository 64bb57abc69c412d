"""The scorer of this checkout against that of another commit: `make bench-scorer BASE=COMMIT`.

Both run in turn, in pairs whose order alternates, on one broker and one MLflow, with this
Python and the same load: a backlog for throughput, then a steady rate for latency. Each
has its own code, features, model and data folder. Exit code 1 where the interval of the
median ratio does not lie above LEAST_THROUGHPUT or below MOST_P99.
"""

import argparse
import json
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import asdict, dataclass
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.paired_ratio import median_ratio
from benchmarks.scorer_process import (
    SCORER,
    bench_settings,
    environment_of,
    fresh_settings,
    in_process,
    running,
    send_at_rate,
    send_backlog,
)
from benchmarks.scorer_watch import OffsetWatcher, Reader, Usage
from fraud_platform.local.stack import Stack
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.settings import Settings

LEAST_THROUGHPUT, MOST_P99 = 0.95, 1.10
"""Bounds of the ratios of this checkout to the base."""
ENOUGH_PAIRS = 7
COLD_SHARE = 0.25
"""Of the backlog: what is scored while the JVM compiles is left out of the rate."""
WARM_SECONDS, START_SECONDS = 5, 180
MEMBER_SECONDS = 75
"""About what one member of a pair takes on two cores."""

REGISTER = (
    "import sys; from pathlib import Path; from fraud_platform.settings import load_settings; "
    "from benchmarks.scorer_load import register_models; register_models(load_settings(), Path(sys.argv[1]))"
)
WHERE = "import fraud_platform, streaming; print(fraud_platform.__file__, streaming.__file__, sep='\\n')"


@dataclass(frozen=True)
class Side:
    """A checkout, and settings with a model that its own code has made."""

    name: str
    tree: Path
    settings: Settings


@dataclass(frozen=True)
class Measured:
    """One member of a pair."""

    transactions_per_second: float
    p50_ms: float
    p99_ms: float


class NotMeasuredError(Exception):
    """The commit is not there, or its code does not run here."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True, metavar="COMMIT")
    parser.add_argument("--pairs", type=int, default=ENOUGH_PAIRS)
    parser.add_argument("--transactions", type=int, default=400_000, help="of the backlog")
    parser.add_argument("--rate", type=float, default=1_000, help="transactions a second")
    parser.add_argument("--seconds", type=float, default=25, help="at that rate")
    parser.add_argument("--seed", type=int, default=1, help="of the interval")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings of both scorers")
    parser.add_argument("--json", type=Path, help="write the results there, too")
    options = parser.parse_args()
    # Ended from outside, it stops its broker and its scorer all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with tempfile.TemporaryDirectory(prefix="fraud-bench-", ignore_cleanup_errors=True) as folder:
            report = compare(Path(folder), options)
    except KeyboardInterrupt:
        return 130
    except NotMeasuredError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    return 0 if report["holds"] else 1


def compare(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Measure the pairs and judge them; everything that was started has ended when it returns or raises."""
    settings = bench_settings(folder, dict(pair.split("=", 1) for pair in options.set))
    commit, tree = checkout(options.base, folder / "base")
    minutes = options.pairs * 2 * MEMBER_SECONDS / 60
    _tell(f"{options.pairs} pairs against {commit}, about {minutes:.0f} minutes")
    stack = Stack(settings)
    stack.up(services=["kafka", "mlflow"])
    try:
        sides = [_side("base", tree, settings), _side("new", PROJECT_ROOT, settings)]
        results = _pairs(sides, settings, options)
    finally:
        stack.down()
    return {"base": commit, **judged(results["new"], results["base"], options.seed), "runs": _as_dicts(results)}


def checkout(commit: str, folder: Path) -> tuple[str, Path]:
    """The commit's full name, and a folder with its files; git remembers nothing of it."""
    try:
        name = _git("rev-parse", "--verify", f"{commit}^{{commit}}").strip()
        archive = folder.with_suffix(".tar")
        _git("archive", "--output", str(archive), name)
    except subprocess.CalledProcessError as error:
        raise NotMeasuredError(f"BASE={commit}: {error.stderr.strip()}") from None
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    archive.unlink()
    return name, folder


def judged(new: list[Measured], base: list[Measured], seed: int) -> dict[str, Any]:
    """Ratios of new to base, and whether the promised bounds hold."""
    ratios = {
        name: median_ratio([getattr(m, name) for m in new], [getattr(m, name) for m in base], seed)
        for name in ("transactions_per_second", "p50_ms", "p99_ms")
    }
    throughput, p99 = ratios["transactions_per_second"], ratios["p99_ms"]
    verdicts = {
        f"throughput above {LEAST_THROUGHPUT}": throughput.low > LEAST_THROUGHPUT,
        f"p99 below {MOST_P99}": p99.high < MOST_P99,
    }
    _tell(f"throughput, new to base: {throughput}")
    _tell(f"p50: {ratios['p50_ms']}, p99: {p99}")
    for name, holds in verdicts.items():
        _tell(f"{name}: {'holds' if holds else 'does not hold'}")
    if len(new) < ENOUGH_PAIRS:
        _tell(f"of fewer than {ENOUGH_PAIRS} pairs the interval says little")
    named = {name: ratio._asdict() for name, ratio in ratios.items()}
    return {"pairs": len(new), "ratios": named, "verdicts": verdicts, "holds": all(verdicts.values())}


def _side(name: str, tree: Path, settings: Settings) -> Side:
    """Raises NotMeasuredError where the tree's own code does not come first, or cannot make a model."""
    own = settings.model_copy(update={"model_name": f"bench-{name}"})
    where = _python(tree, own, WHERE).split()
    if not all(Path(file).is_relative_to(tree) for file in where):
        raise NotMeasuredError(f"Python takes {', '.join(where)} for the code of {tree}")
    _python(tree, own, REGISTER, str(tree / ".bench-bundle" if name == "base" else settings.data_dir / "bundle"))
    return Side(name, tree, own)


def _python(tree: Path, settings: Settings, code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    environment = environment_of(tree, settings)
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotMeasuredError(f"the code of {tree} does not run here: {done.stderr.strip()[-2000:]}")
    return done.stdout


def _pairs(sides: list[Side], settings: Settings, options: argparse.Namespace) -> dict[str, list[Measured]]:
    results: dict[str, list[Measured]] = {side.name: [] for side in sides}
    numbers, began = count(1), time.monotonic()
    for pair in range(1, options.pairs + 1):
        for side in sides if pair % 2 else reversed(sides):
            fresh = fresh_settings(side.settings, next(numbers))
            results[side.name].append(_measured(side.tree, fresh, options))
            _tell(f"pair {pair} of {options.pairs}, {side.name}: {results[side.name][-1]}")
        left = (time.monotonic() - began) / pair * (options.pairs - pair) / 60
        _tell(f"about {left:.0f} minutes left")
    return results


def _measured(tree: Path, settings: Settings, options: argparse.Namespace) -> Measured:
    in_process(send_backlog, settings, options.transactions)
    with running(SCORER, settings, OffsetWatcher(settings), tree) as (watcher, usage):
        rate = _throughput(watcher, usage, options.transactions)
        latencies_ms = _latencies(settings, usage, options.rate, options.seconds)
    return Measured(round(rate), *(round(float(np.percentile(latencies_ms, q)), 1) for q in (50, 99)))


def _throughput(watcher: OffsetWatcher, usage: Usage, total: int) -> float:
    """Transactions a second over the warm part of the backlog, from batch end to batch end."""
    watcher.wait_for(1, START_SECONDS, usage)
    watcher.wait_for(int(total * COLD_SHARE), total / 500, usage)
    began = watcher.wait_for_pause()
    counted = watcher.count
    watcher.wait_for(total, total / 500, usage)
    return (watcher.count - counted) / (watcher.bursts[-1][0] - began)


def _latencies(settings: Settings, usage: Usage, rate: float, seconds: float) -> list[float]:
    """Milliseconds from append to visible, of all transactions after the first WARM_SECONDS."""
    reader = Reader(settings, since_ms=time.time_ns() // 1_000_000)
    sender = get_context("spawn").Process(
        target=send_at_rate, args=(settings, rate, seconds + WARM_SECONDS), daemon=True
    )
    reader.start()
    try:
        sender.start()
        reader.wait_for(int(rate * WARM_SECONDS), START_SECONDS, usage)
        warm = reader.count
        sender.join()
        reader.wait_for(int(0.95 * rate * (seconds + WARM_SECONDS)), 60 + seconds, usage)
        reader.wait_for_pause()
    finally:
        reader.stop()
        sender.terminate()
    return reader.latencies_ms[warm:]


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(PROJECT_ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _as_dicts(results: dict[str, list[Measured]]) -> dict[str, list[dict[str, Any]]]:
    return {name: [asdict(measured) for measured in members] for name, members in results.items()}


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
