"""What the stream's features cost as customers grow: `python benchmarks/state.py --json state.json`.

Transactions of uniformly drawn customers go from a real broker through Spark Structured
Streaming to features on the driver, as in the scorer: source, JSON, state, kernel,
Arrow. Left out are the model and the output. Each customer has the same history, so
only their number differs.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from confluent_kafka import Producer
from pyspark.sql import DataFrame, SparkSession

from fraud_platform.core.features.declaration import HISTORY_DAYS
from fraud_platform.core.features.entity_events import entity_events_of
from fraud_platform.core.features.event_layout import EventArray
from fraud_platform.core.features.velocity import index_of
from fraud_platform.core.time import DAY_MS
from fraud_platform.declared import FEATURE_SET
from fraud_platform.local.stack import Stack
from fraud_platform.messages.schemas import Transaction, encode
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import create_topics, producer
from streaming.batch.features import with_features
from streaming.batch.source import raw_messages
from streaming.batch.velocity import Velocity
from streaming.process.spark_config import spark_config
from streaming.state.customers import BOOTSTRAP_FOLDER, write_events
from streaming.state.entities import FOLDER, PLAN, REACH_MS, write_entity_events

NOW_MS = 1_767_225_600_000
PARTITIONS = 2
MERCHANTS, DEVICES = 2_000, 50_000
WARM_UP = 3
BATCHES = {1_000: 40, 100_000: 8}
OLD_RUNS = 4

Process = Callable[[DataFrame, int], Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, nargs="+", default=[20_000, 200_000, 1_000_000])
    parser.add_argument("--history", type=int, default=30, help="transactions of each customer in the 30 days before")
    parser.add_argument("--port", type=int, default=29_092, help="of the benchmark's own broker")
    parser.add_argument("--json", type=Path, help="write the results there, too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fraud-bench-") as folder, broker(Path(folder), options.port) as settings:
        spark = session(settings)
        results = [
            measure(spark, settings, Path(folder), customers, options.history, batch_rows)
            for customers in options.customers
            for batch_rows in BATCHES
        ]
        spark.stop()
    report = {"cores": os.cpu_count(), "partitions": PARTITIONS, "history": options.history, "results": results}
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


def measure(
    spark: SparkSession, settings: Settings, folder: Path, customers: int, history: int, batch_rows: int
) -> dict[str, Any]:
    """Median cost of a batch over a state of customers times history events."""
    settings = settings.model_copy(
        update={"kafka_topic": f"transactions-{customers}-{batch_rows}", "max_offsets_per_trigger": batch_rows}
    )
    create_topics(settings)
    messages = (BATCHES[batch_rows] + WARM_UP) * batch_rows
    send(settings, customers, messages)
    state = folder / "state"
    write_history(state, customers, history)
    size = sum(path.stat().st_size for path in state.rglob("*.arrow"))
    seconds = run(spark, settings, folder, Features(settings, state))
    shutil.rmtree(state)
    result = {
        "customers": customers,
        "batch_rows": batch_rows,
        "batch_seconds_median": round(statistics.median(seconds), 4),
        "rows_per_second": round(batch_rows / statistics.median(seconds)),
        "state_megabytes": round(size / 1e6, 1),
        "batches": len(seconds),
    }
    print(json.dumps(result), file=sys.stderr, flush=True)
    return result


class Features:
    """All features that need state, as the scorer computes them."""

    def __init__(self, settings: Settings, state: Path) -> None:
        self._state = state
        self._velocity = Velocity(settings, state)
        self._ends = dict.fromkeys(range(PARTITIONS), 0)

    def __call__(self, messages: DataFrame, batch_id: int) -> None:
        rows = with_features(messages, self._state, batch_id + OLD_RUNS)
        last = rows.group_by("partition").aggregate([("offset", "max")])
        self._ends |= {row["partition"]: row["offset_max"] + 1 for row in last.to_pylist()}
        self._velocity.of_batch(batch_id + OLD_RUNS, rows, self._ends)


def run(spark: SparkSession, settings: Settings, folder: Path, process: Process) -> list[float]:
    """Seconds of each micro-batch, planning and commit included, without the first ones."""
    checkpoint = folder / "checkpoint"
    query = (
        raw_messages(spark, settings, None)
        .writeStream.foreachBatch(process)
        .option("checkpointLocation", str(checkpoint))
        .start()
    )
    query.processAllAvailable()
    # A split over the partitions may round a row away; the topic's last batch is what was left.
    full = 0.99 * settings.max_offsets_per_trigger
    progress = [p for p in query.recentProgress if p.numInputRows >= full]
    query.stop()
    shutil.rmtree(checkpoint)
    return [p.durationMs["triggerExecution"] / 1000 for p in progress[WARM_UP:]]


def write_history(state: Path, customers: int, history: int) -> None:
    """The state after a month: large runs in each partition's folder, and one of the last days' entity events."""
    numbers = np.arange(customers)
    entity_events = []
    for partition in range(PARTITIONS):
        own = numbers[numbers % PARTITIONS == partition]
        hashes = hashed("C", own)
        for run_number, share in enumerate(np.array_split(np.arange(history), OLD_RUNS)):
            path = state / str(partition) / f"{run_number:012}-{run_number:012}.arrow"
            events = past_events(hashes, share, history, seed=run_number)
            write_events(path, events)
            recent = events[events["_arrival_ms"] >= NOW_MS - REACH_MS]
            arrangement = FEATURE_SET.kernel.arrange(FEATURE_SET.layout.empty, recent)
            entity_events.append(entity_events_of(PLAN, arrangement).reshape(-1))
    index = index_of(PLAN, np.concatenate(entity_events))
    write_entity_events(state / FOLDER / BOOTSTRAP_FOLDER / "0.arrow", index, {})


def past_events(hashes: np.ndarray, share: np.ndarray, history: int, seed: int) -> EventArray:
    """Some of the customers' transactions, evenly over the window, sorted by customer and time."""
    rng = np.random.default_rng(seed)
    events = np.zeros(len(hashes) * len(share), FEATURE_SET.layout.dtype)
    events["_key"] = np.repeat(np.sort(hashes), len(share))
    events["_transaction"] = rng.integers(1, 2**62, len(events))
    events["merchant_id"] = rng.choice(hashed("M", np.arange(MERCHANTS)), len(events))
    events["device_id"] = rng.choice(hashed("D", np.arange(DEVICES)), len(events))
    ages = (history - np.tile(share, len(hashes))) * (HISTORY_DAYS * DAY_MS // (history + 1))
    events["_time_ms"] = events["_arrival_ms"] = NOW_MS - ages
    events["amount"] = rng.integers(1, 50_000, len(events))
    events["latitude"], events["longitude"] = rng.normal(48, 1, len(events)), rng.normal(2, 1, len(events))
    events["country"], events["channel"] = rng.integers(1, 9, len(events)), rng.integers(1, 5, len(events))
    return events


def hashed(prefix: str, numbers: np.ndarray) -> np.ndarray:
    """What the state knows identifiers by."""
    names = np.array([f"{prefix}{number:08}" for number in numbers], object)
    constant = dict.fromkeys(("merchant_id", "transaction_id", "device_id"), names)
    empty = dict.fromkeys(("country", "channel"), np.full(len(names), None, object))
    zero = dict.fromkeys(("event_time_ms", "amount", "latitude", "longitude"), np.zeros(len(names)))
    columns = {"customer_id": names, **constant, **empty, **zero}
    return FEATURE_SET.layout.rows(columns, zero["event_time_ms"])["_key"].copy()


def send(settings: Settings, customers: int, messages: int) -> None:
    """Transactions of uniformly drawn customers, a millisecond apart."""
    rng = np.random.default_rng(customers)
    drawn, cents = rng.integers(0, customers, messages).tolist(), rng.integers(1, 50_000, messages).tolist()
    kafka: Producer = producer(settings)
    for i, (number, amount) in enumerate(zip(drawn, cents, strict=True)):
        transaction = Transaction(
            schema_version=1,
            transaction_id=f"T{i:010}",
            customer_id=f"C{number:08}",
            merchant_id=f"M{i % MERCHANTS:08}",
            event_time_ms=NOW_MS + i,
            amount=amount / 100,
            device_id=f"D{i % DEVICES:08}",
            channel="chip",
            country="FR",
            latitude=48.0,
            longitude=2.0,
        )
        key = transaction.customer_id.encode()
        kafka.produce(settings.kafka_topic, encode(transaction), key, number % PARTITIONS, timestamp=NOW_MS + i)
        if i % 10_000 == 0:
            kafka.poll(0)
        while len(kafka) > 400_000:
            kafka.poll(0.1)
    kafka.flush()


@contextmanager
def broker(folder: Path, port: int) -> Iterator[Settings]:
    """Settings of a Kafka broker of the benchmark's own."""
    settings = Settings(
        _env_file=None,
        data_dir=folder / "data",
        log_dir=folder / "logs",
        jars_dir=PROJECT_ROOT / ".jars",
        kafka_broker=f"127.0.0.1:{port}",
        kafka_partitions=PARTITIONS,
    )
    stack = Stack(settings)
    stack.up(services=["kafka"])
    try:
        yield settings
    finally:
        stack.down()


def session(settings: Settings) -> SparkSession:
    builder = SparkSession.builder.appName("fraud-bench")
    for name, value in {**spark_config(settings), "spark.ui.enabled": "false"}.items():
        builder = builder.config(name, value)
    # Every batch's times are read at the end.
    return builder.config("spark.sql.streaming.numRecentProgressUpdates", "1000").getOrCreate()


if __name__ == "__main__":
    main()
