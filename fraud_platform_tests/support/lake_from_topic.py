"""transactions as the assets would fill it, without them."""

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.core.time import DAY_MS
from fraud_platform.pipeline import tables
from fraud_platform.settings import Settings
from fraud_platform.storage.lake import Lake
from fraud_platform_tests.support.kafka_outcome import read
from fraud_platform_tests.support.simulated_world import FIELD_NAMES


def fill_lake(settings: Settings) -> None:
    """The topic's accepted transactions as transactions, as of now."""
    rows = sorted(read(settings, settings.kafka_topic), key=lambda m: m.timestamp())
    documents = [msgspec.json.decode(m.value()) for m in rows]
    days = pc.cast(pa.array([m.timestamp()[1] // DAY_MS for m in rows], pa.int32()), pa.date32())
    columns = {
        "date": days,
        "kafka_partition": pa.array([m.partition() for m in rows], pa.int32()),
        "kafka_offset": pa.array([m.offset() for m in rows], pa.int64()),
        "kafka_timestamp_ms": pa.array([m.timestamp()[1] for m in rows], pa.int64()),
        **{name: pa.array([d.get(name) for d in documents]) for name in FIELD_NAMES},
    }
    table = pa.table(columns)
    Lake(settings).replace_days(tables.TRANSACTIONS, table, days[0].as_py(), days[-1].as_py())
