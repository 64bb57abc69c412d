"""The scorer's job as Spark users write it, for benchmarks/scorer.py.

Features and model run in Spark's Python workers, and Spark's own Kafka sink writes what
they return: at least once, and twice after a crash. `spark_sink` has the scorer's state;
`stateless` has none, so that its windows see one batch. Both leave velocity out.
"""

from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession

from fraud_platform.core.features.feature_set import default_rows
from fraud_platform.core.features.matured_lookup import no_matured
from fraud_platform.core.model_bundle import ModelBundle
from fraud_platform.declared import FEATURE_SET
from fraud_platform.messages.schemas import Prediction, encode
from fraud_platform.settings import Settings, load_settings
from fraud_platform.storage.arrow_bytes import unpack, values_of
from fraud_platform.storage.bundle_folder import load_bundle
from fraud_platform.storage.kafka import create_topics, spark_options
from streaming.batch.features import SCORED, features_as_arrow_bytes, transform
from streaming.batch.source import raw_messages
from streaming.process.spark_config import spark_config
from streaming.state.checkpoint import checkpoint_folder


def run(peer: str, bundle: str) -> None:
    """Until the process is ended. peer: spark_sink or stateless. bundle: the model's folder."""
    settings = load_settings()
    create_topics(settings)
    builder = SparkSession.builder.appName(f"peer-{peer}")
    for name, value in spark_config(settings).items():
        builder = builder.config(name, value)
    source = raw_messages(builder.getOrCreate(), settings, None)
    checkpoint = str(checkpoint_folder(settings))
    options = {**spark_options(settings), "topic": settings.kafka_predictions_topic}
    if peer == "stateless":
        scored = source.mapInArrow(partial(_stateless, bundle), "key binary, value binary")
        stream = scored.writeStream.format("kafka").options(**options)
    else:
        stream = source.writeStream.foreachBatch(partial(_write_batch, settings, bundle, options))
    stream.option("checkpointLocation", checkpoint).start().awaitTermination()


def _write_batch(settings: Settings, bundle: str, options: dict[str, str], messages: DataFrame, batch_id: int) -> None:
    rows = features_as_arrow_bytes(messages, settings.data_dir / "state", batch_id)
    scored = rows.mapInArrow(partial(_scored, bundle), "key binary, value binary")
    scored.write.format("kafka").options(**options).save()


def _stateless(bundle: str, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        rows, _ = transform(pa.Table.from_batches([batch]), lambda customers: FEATURE_SET.layout.empty)
        yield _predictions(bundle, rows)


def _scored(bundle: str, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield _predictions(bundle, unpack(batch["arrow_bytes"]))


def _predictions(folder: str, rows: pa.Table) -> pa.RecordBatch:
    bundle = _bundle(folder)
    rows = rows.filter(pc.equal(rows["status"], SCORED))
    features = FEATURE_SET.joined(
        values_of(rows["customer_features"], np.float64),
        no_matured(FEATURE_SET, len(rows)),
        default_rows(FEATURE_SET.velocity.declared, len(rows)),
    )
    probabilities = bundle.score(features)
    names = ("transaction_id", "customer_id", "event_time_ms", "partition", "offset")
    columns = (rows[name].to_pylist() for name in names)
    values = [
        encode(_prediction(bundle, *row))
        for row in zip(*columns, probabilities.tolist(), features.tolist(), strict=True)
    ]
    keys = rows["customer_id"].cast(pa.binary()).combine_chunks()
    return pa.record_batch({"key": keys, "value": pa.array(values, pa.binary())})


def _prediction(
    bundle: ModelBundle,
    transaction_id: str,
    customer_id: str,
    event_time_ms: int,
    partition: int,
    offset: int,
    probability: float,
    features: list[float],
) -> Prediction:
    return Prediction(
        transaction_id=transaction_id,
        customer_id=customer_id,
        event_time_ms=event_time_ms,
        probability=probability,
        threshold=bundle.threshold,
        is_fraud=probability >= bundle.threshold,
        model_name="benchmark",
        model_version=1,
        reasons=[],
        source_partition=partition,
        source_offset=offset,
        scored_at_ms=event_time_ms,
        merchant_risk_date=None,
        feature_set=bundle.card.feature_set,
        features=features,
    )


@lru_cache
def _bundle(folder: str) -> ModelBundle:
    return load_bundle(Path(folder), thread_count=1)
