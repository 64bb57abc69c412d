"""A lake of a release before 0.2 → today's tables. That release kept what it had decoded, and not what it was made of.

Each step is one atomic commit and is left out where it is done, so an upgrade that was interrupted goes on where it
stopped. A scorer may read the lake meanwhile.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.errors import LakeError
from fraud_platform.messages.arrow_schemas import RAW, REJECTED
from fraud_platform.pipeline.ingest import topic_of
from fraud_platform.pipeline.midnights import Midnight, record
from fraud_platform.pipeline.readings import Reading, write_readings
from fraud_platform.pipeline.restored_messages import restored_labels, restored_transactions
from fraud_platform.pipeline.tables import LABELS, RAW_LABELS, RAW_TRANSACTIONS, REJECTIONS, TRANSACTIONS
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.lake import Lake, Table
from fraud_platform.storage.topic_id import TopicId

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FORMER_REJECTED = Table("raw/rejected", REJECTIONS.asset, REJECTED)
COPIES = {RAW_TRANSACTIONS: TRANSACTIONS, RAW_LABELS: LABELS, FORMER_REJECTED: REJECTIONS}
"""Former table → the one that has the same rows today."""
_RESTORE = {RAW_TRANSACTIONS: restored_transactions, RAW_LABELS: restored_labels}
_DECODED_ONLY = "transaction_id"
"""Column of both former raw tables that today's do not have."""


def is_former(lake: Lake, table: Table) -> bool:
    """Whether one of the raw tables is there in the form that it had before 0.2."""
    return lake.exists(table) and _DECODED_ONLY in lake.columns(table)


def needs_upgrade(lake: Lake) -> bool:
    """Whether anything of a release before 0.2 is there."""
    return lake.exists(FORMER_REJECTED) or any(is_former(lake, table) for table in _RESTORE)


def refuse_former_tables(lake: Lake) -> None:
    """Raises LakeError where the lake has to be upgraded first."""
    if needs_upgrade(lake):
        raise LakeError("the lake is of a release before 0.2: run 'fraud lake upgrade' once, then start the run again")


def accepted_table(lake: Lake) -> Table:
    """The table of accepted transactions, in a lake of whatever release."""
    return TRANSACTIONS if lake.exists(TRANSACTIONS) or not lake.exists(RAW_TRANSACTIONS) else RAW_TRANSACTIONS


def rejected_table(lake: Lake) -> Table:
    """The table of rejected messages, in a lake of whatever release."""
    return REJECTIONS if lake.exists(REJECTIONS) or not lake.exists(FORMER_REJECTED) else FORMER_REJECTED


def upgrade(spark: "SparkSession", settings: Settings, lake: Lake, tell: Callable[[str], None]) -> None:
    """Bring the lake to today's tables; `tell` hears what is done."""
    for former, table in COPIES.items():
        if lake.exists(former) and (former == FORMER_REJECTED or is_former(lake, former)) and not lake.exists(table):
            tell(f"{former} → {table}")
            _table(spark, lake, former).write.format("delta").partitionBy("date").save(lake.spark_uri(table))
    for raw in _RESTORE:
        if is_former(lake, raw):
            topic = topic_of(settings, raw)
            tell(f"{COPIES[raw]} and {REJECTIONS} → days of {topic}")
            days = _days(lake, COPIES[raw], topic, TopicId(settings, topic).now())
            record(lake, topic, _midnights(days), now_ms())
            write_readings(lake, topic, days)
            tell(f"{COPIES[raw]} and {REJECTIONS} → {raw}, encoded anew")
            _restored(spark, lake, raw, topic).write.format("delta").mode("overwrite").option(
                "overwriteSchema", "true"
            ).partitionBy("date").save(lake.spark_uri(raw))
    if lake.exists(FORMER_REJECTED):
        tell(f"{FORMER_REJECTED} is deleted, {REJECTIONS} has its rows")
        lake.delete(FORMER_REJECTED)


def _restored(spark: "SparkSession", lake: Lake, raw: Table, topic: str) -> "DataFrame":
    """Rows of RAW: accepted messages encoded anew, rejected ones as they were received."""
    from pyspark.sql.pandas.types import from_arrow_schema

    restore = _RESTORE[raw]

    def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield from restore(batch, topic).to_batches()

    accepted = _table(spark, lake, COPIES[raw]).mapInArrow(rows, from_arrow_schema(RAW))
    if not lake.exists(REJECTIONS):
        return accepted
    rejected = _table(spark, lake, REJECTIONS)
    rejected = rejected.where(rejected["topic"] == topic).selectExpr(
        *("date", "topic", "kafka_partition", "kafka_offset", "kafka_timestamp_ms", "key", "value"),
        *("CAST(NULL AS array<struct<key: string, value: binary>>) AS headers", "true AS as_received"),
        "IF(reason LIKE 'passed over by %', reason, NULL) AS passed_over",
    )
    return accepted.unionByName(rejected)


def _days(lake: Lake, table: Table, topic: str, topic_id: str) -> list[Reading]:
    """The former days of a topic: each ends at the first message of the next, the last one behind its last message."""
    places = [lake.read(table, ["date", "kafka_partition", "kafka_offset"])]
    if lake.exists(REJECTIONS):
        of_topic = pc.field("topic") == topic
        places.append(lake.read(REJECTIONS, ["date", "kafka_partition", "kafka_offset"], where=of_topic))
    rows = pa.concat_tables(places, promote_options="permissive")
    if not len(rows):
        return []
    offset = "kafka_offset"
    days = rows.group_by(["date", "kafka_partition"]).aggregate([(offset, "min"), (offset, "max"), (offset, "count")])
    by_place = {(row["date"], row["kafka_partition"]): row for row in days.to_pylist()}
    dates = sorted({day for day, _ in by_place})
    every_day = [dates[0] + timedelta(days=i) for i in range((dates[-1] - dates[0]).days + 1)]
    found = []
    for partition in sorted({partition for _, partition in by_place}):
        end = 1 + max(row["kafka_offset_max"] for (_, p), row in by_place.items() if p == partition)
        for day in reversed(every_day):
            row = by_place.get((day, partition))
            first = row["kafka_offset_min"] if row else end
            found.append(
                Reading(topic_id, day, partition, first, end, [(first, end)], row["kafka_offset_count"] if row else 0)
            )
            end = first
    return sorted(found, key=lambda r: (r.date, r.partition))


def _midnights(days: list[Reading]) -> dict[date, Midnight]:
    """Beginnings of the days, and the end of the last."""
    found: dict[date, dict[int, int]] = {}
    for r in days:
        found.setdefault(r.date, {})[r.partition] = r.first
    if days:
        last = days[-1].date
        found[last + timedelta(days=1)] = {r.partition: r.end for r in days if r.date == last}
    return {day: Midnight(days[0].topic_id, offsets) for day, offsets in found.items()}


def _table(spark: "SparkSession", lake: Lake, table: Table) -> "DataFrame":
    return spark.read.format("delta").load(lake.spark_uri(table))
