"""docs/benchmarks.md from the results that `make bench` leaves beside it: `python benchmarks/report.py`."""

import json
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1] / "docs"
RESULTS = DOCS / "benchmarks"

TITLE = """# Benchmarks

What `make bench`, `make bench-scorer` and the scripts named below measured, written by `benchmarks/report.py`; the
results themselves are in [benchmarks/](benchmarks). Peers run in the same process of measurement as the platform.
Seconds are of that machine; ratios travel.
"""


def main() -> None:
    features, batch, state, agreement = (
        json.loads((RESULTS / f"{name}.json").read_text()) for name in ("features", "batch", "state", "parity")
    )
    sections = [machine(features["machine"]), kernel(features), assets(batch), stream(state), parity(agreement)]
    for name, section in (("scorer", scorer), ("soak", soak), ("training", training)):
        if (path := RESULTS / f"{name}.json").exists():
            sections.append(section(json.loads(path.read_text())))
    text = "\n".join([TITLE, *chain.from_iterable(sections)])
    (DOCS / "benchmarks.md").write_text(text + "\n")


def machine(facts: dict[str, Any]) -> Iterable[str]:
    packages = ", ".join(f"{name} {facts[name]}" for name in ("python", "numpy", "polars", "pandas"))
    yield f"Machine: {facts['cores']} cores, {facts['architecture']}; {packages}.\n"


def kernel(results: dict[str, Any]) -> Iterable[str]:
    yield "## Features of the handbook, and the kernel\n"
    yield (
        f"The {results['features']} features of the Fraud Detection Handbook (calendar, customers' counts and means, "
        f"merchants' delayed counts and risk) on {results['rows']:,} generated rows of its shape. The port cuts "
        "customers' windows as the kernel does; delayed windows of merchants are its own, since the platform computes "
        "merchants' risk by day. Medians.\n"
    )
    yield "| method | wall s | CPU s | peak MB | runs |\n|---|---:|---:|---:|---:|"
    names = {
        "kernel": "a port to this platform's primitives, one thread",
        "polars": f"Polars, {results['polars_threads']} threads",
    }
    for method, row in results["methods"].items():
        name = names.get(method, "the handbook's pandas code")
        yield f"| {name} | {row['wall_s']} | {row['cpu_s']} | {row['peak_megabytes']:,} | {row['runs']} |"
    ratio, apart = results["kernel_to_polars"], results["max_difference"]
    yield f"\nThe port to Polars: {ratio['wall_s']} of the wall time, {ratio['cpu_s']} of the CPU time."
    yield f"Largest difference to Polars {apart['kernel_polars']:g}, to pandas {apart['kernel_pandas']:g}.\n"
    whole = results["whole_kernel"]
    yield (
        f"The kernel itself, all {whole['features']} customer features: {whole['rows_per_second_per_core']:,} rows a "
        f"second on one core ({whole['rows']:,} rows).\n"
    )


def assets(results: dict[str, Any]) -> Iterable[str]:
    yield "## The feature assets\n"
    yield (
        f"{results['rows']:,} transactions over {results['days']} days, all {results['features']} features, as Dagster "
        f"assets on Spark ({results['spark_master']}), read from and written to Delta tables.\n"
    )
    yield "| asset | seconds |\n|---|---:|"
    yield f"| merchant_risk, Spark's start included | {results['merchant_risk_seconds']} |"
    yield f"| velocity | {results['velocity_seconds']} |"
    yield f"| transaction_features | {results['transaction_features_seconds']} |"
    yield f"\nMost memory of all processes together: {results['peak_memory_gib']} GiB.\n"


def stream(results: dict[str, Any]) -> Iterable[str]:
    yield "## The stream as customers grow\n"
    yield (
        f"Kafka to features on the driver, {results['history']} transactions of history for each customer, "
        f"{results['partitions']} Kafka partitions. Median of the micro-batches, planning and commit included.\n"
    )
    yield "| customers | rows a batch | batch s | rows/s | cost of a row, first line = 1 | state MB |"
    yield "|---:|---:|---:|---:|---:|---:|"
    base: dict[int, float] = {}
    for row in sorted(results["results"], key=lambda row: (row["batch_rows"], row["customers"])):
        seconds = row["batch_seconds_median"]
        cost = seconds / base.setdefault(row["batch_rows"], seconds)
        yield (
            f"| {row['customers']:,} | {row['batch_rows']:,} | {seconds:.3f} | {row['rows_per_second']:,} "
            f"| {cost:.2f} | {row['state_megabytes']:,} |"
        )


def parity(results: dict[str, Any]) -> Iterable[str]:
    yield "\n## Stream against batch\n"
    yield (
        f"{results['streamed']:,} transactions, {results['late']:,} of them late and {results['duplicates']:,} sent "
        f"twice, streamed through a scorer that was ended {results['kills']} times with kill -9, and once more and "
        f"without its checkpoint, so that it started anew from the lake. Predictions lost: {results['lost']}, "
        f"doubled: {results['doubled']}. "
        f"Rows compared with batch in all features: {results['rows_compared']:,}; "
        f"{results['first_difference'] or 'none differs'}, largest difference {results['max_difference']:g}."
    )


def scorer(results: dict[str, Any]) -> Iterable[str]:
    yield "\n## The scorer, from Kafka to Kafka\n"
    yield (
        f"`python -m streaming` with all features and a model of {results['trees']} trees, {results['customers']:,} "
        f"customers, {results['partitions']} Kafka partitions, exactly once. Broker, MLflow, load and measurement run "
        f"on the same {results['cores']} cores. Alerts, each with its SHAP reasons: {results['alert_share']:.1%}.\n"
    )
    if results["throughput"]:
        yield from _throughput(results["throughput"])
    if results["latency"]:
        yield from _latency(results["latency"])


def soak(results: dict[str, Any]) -> Iterable[str]:
    run = results["soak"]
    fifths = ", ".join(f"{mib:,}" for mib in run["memory_mib_by_fifth"])
    yield (
        f"\nMemory of the scorer at {run['transactions_per_second']:,} transactions a second for {run['minutes']:g} "
        f"minutes, mean of each fifth in MiB: {fifths}; slope {run['memory_slope_mib_per_hour']:+} MiB an hour. "
        f"Meanwhile another model took over {run['swaps']} times: the slowest prediction took "
        f"{run['slowest_before_ms']:,} ms in the three seconds before a change and {run['slowest_after_ms']:,} ms "
        f"in those after it (medians; ratio {run['median_ratio']}, at worst {run['worst_ratio']})."
    )


def training(results: dict[str, Any]) -> Iterable[str]:
    yield "\n## Training\n"
    yield (
        f"{results['rows']:,} simulated transactions in three splits, {results['frauds']:,} of them frauds: SMOTE, all "
        f"candidates, calibration, threshold and evaluation, on {results['cores']} cores "
        "(`python benchmarks/training.py`).\n"
    )
    yield "| search | seconds | average precision on test | sum(p)/frauds |\n|---|---:|---:|---:|"
    for run in results["runs"]:
        search = f"{run['trials']} trials" if run["trials"] else "none"
        yield f"| {search} | {run['seconds']} | {run['average_precision']} | {run['probability_ratio']} |"


def _throughput(rows: dict[str, dict[str, Any]]) -> Iterable[str]:
    names = {
        "scorer": "the scorer",
        "spark_sink": "Spark's own sink, at least once, no velocity features",
        "stateless": "the same without state",
    }
    yield "A backlog, the cold fifth left out; CPU in microseconds a transaction.\n"
    yield "| | transactions/s | CPU driver | CPU JVM | CPU workers | peak MiB |\n|---|---:|---:|---:|---:|---:|"
    for name, row in rows.items():
        cpu = row["cpu_us_per_transaction"]
        used = " | ".join(str(cpu.get(kind, 0)) for kind in ("driver", "jvm", "workers"))
        yield f"| {names[name]} | {row['transactions_per_second']:,} | {used} | {row['peak_memory_mib']:,} |"
    phases = ", ".join(f"{name} {us}" for name, us in rows["scorer"]["phase_us_per_transaction"].items())
    yield f"\nWhere the scorer's time goes, microseconds a transaction: {phases}.\n"


def _latency(rows: dict[str, dict[str, Any]]) -> Iterable[str]:
    yield "From append to visible for a `read_committed` consumer, in milliseconds, at steady rates.\n"
    yield "| transactions/s | p50 | p99 | p99.9 | CPU cores of the scorer | MiB |\n|---:|---:|---:|---:|---:|---:|"
    for rate, row in rows.items():
        cores = round(sum(row["cpu_cores"].values()), 2)
        yield (
            f"| {float(rate):,.0f} | {row['p50_ms']:,} | {row['p99_ms']:,} | {row['p99.9_ms']:,} | {cores} "
            f"| {row['memory_mib']:,} |"
        )
    yield "\nPhases of a batch, milliseconds:\n"
    for rate, row in rows.items():
        phases = ", ".join(f"{name} {ms}" for name, ms in row["phase_ms_per_batch"].items())
        yield f"- at {float(rate):,.0f}/s: {phases}"


if __name__ == "__main__":
    main()
