"""Features of a world by the batch assets' functions and by the scorer's, in a process of its own, without services.

`python -m fraud_platform_tests.support.worlds.batch_and_stream MESSAGES` reads what was sent, decodes and stores it,
fills the feature tables, and scores the same messages in batches. What both found is stdout, as JSON. A process has
one declaration, by the setting DECLARATION; DATA_DIR says where the lake is.
"""

import json
import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.core.time import DAY_MS, EPOCH
from fraud_platform.declared import FEATURE_SET
from fraud_platform.messages.arrow_schemas import LABEL, TRANSACTION
from fraud_platform.pipeline import customer_features, merchant_risk, tables, velocity
from fraud_platform.pipeline.decoded_rows import transaction_rows
from fraud_platform.settings import load_settings
from fraud_platform.storage.arrow_bytes import values_of
from fraud_platform.storage.lake import Lake
from streaming.batch.features import OF_FIELD, SCORED, transform
from streaming.batch.merchant_risk import RiskTables
from streaming.batch.velocity import entity_events_in
from streaming.state.customers import PartitionState
from streaming.state.entities import VelocityState

BATCHES = 7


def dates_of(times_ms: pa.ChunkedArray | pa.Array) -> pa.Array:
    return pa.array(times_ms.to_numpy() // DAY_MS, pa.int32()).cast(pa.date32())


def fill(lake: Lake, sent: pa.Table, reports: list[dict[str, Any]], delay_days: int) -> pa.Table:
    """Transactions, labels and all tables of features, over all days; rows of merchant_risk."""
    raw = sent.rename_columns(["kafka_partition", "kafka_offset", "kafka_timestamp_ms", "key", "value"])
    raw = raw.append_column("date", dates_of(raw["kafka_timestamp_ms"])).append_column(
        "topic", pa.repeat("topic", len(raw))
    )
    raw = raw.append_column("passed_over", pa.nulls(len(raw), pa.string())).combine_chunks()
    rows = transaction_rows(raw.to_batches()[0])
    transactions = rows.filter(pc.is_null(rows["reason"])).select(TRANSACTION.names).cast(TRANSACTION)
    days = [EPOCH + timedelta(days=int(raw["kafka_timestamp_ms"][i].as_py() // DAY_MS)) for i in (0, -1)]
    first, last = days[0], days[1] + timedelta(days=delay_days + 1)
    lake.replace_days(tables.TRANSACTIONS, transactions, first, last)
    lake.replace_days(tables.LABELS, labels(reports), first, last)
    risk = fill_risk(lake, (first, last), delay_days)
    velocities = velocity.velocity_rows(velocity.entity_event_rows(transactions, first), first)
    lake.replace_days(tables.VELOCITY, velocities, first, last)
    looked_up = customer_features.transactions_with_tables(lake, first, first, last)
    lake.replace_days(tables.FEATURES, customer_features.feature_rows(looked_up, first), first, last)
    return risk


def labels(reports: list[dict[str, Any]]) -> pa.Table:
    table = pa.Table.from_pylist(reports).append_column("is_fraud", pa.repeat(True, len(reports)))
    table = table.append_column("date", dates_of(table["reported_at_ms"]))
    table = table.append_column("kafka_offset", pa.array(range(len(reports)), pa.int64()))
    there = {name: table[name] if name in table.column_names else pa.nulls(len(table)) for name in LABEL.names}
    there["kafka_partition"] = pa.repeat(0, len(table))
    return pa.table(there).cast(LABEL)


def fill_risk(lake: Lake, days: tuple, delay_days: int) -> pa.Table:
    """As the asset does, but for the shuffles."""
    transaction_days = merchant_risk.transaction_days(*days, delay_days)
    report_days = merchant_risk.report_days(*days, delay_days)
    arrived = merchant_risk.transactions_and_reports(lake, transaction_days, *report_days)
    risk = merchant_risk.risk_of_entities(merchant_risk.reported(arrived), *days, delay_days)
    lake.replace_days(tables.MERCHANT_RISK, risk, *days)
    return risk


def stream(lake: Lake, folder: Path, sent: pa.Table) -> dict[str, list[float]]:
    """Features of the scored messages, by partition and offset, in batches that cut all partitions at a time."""
    risk, found = RiskTables(lake), {}
    risk.refresh()
    bounds = np.linspace(0, len(sent), BATCHES + 1).astype(int)
    for batch_id, (start, stop) in enumerate(pairwise(bounds)):
        batch, parts = sent.slice(start, stop - start), []
        for partition in pc.unique(batch["partition"]).to_pylist():
            state = PartitionState(folder, partition, batch_id)
            rows, kept = transform(batch.filter(pc.equal(batch["partition"], partition)), state.history)
            state.add(kept)
            parts.append(rows.filter(pc.equal(rows["status"], SCORED)))
        rows = pa.concat_tables(parts)
        entity_events = entity_events_in(rows)
        velocities = VelocityState(folder, batch_id)
        velocities.add(entity_events.reshape(-1), {})
        matured, _ = risk.lookup(
            rows["timestamp_ms"].to_numpy() // DAY_MS,
            {name: rows[column].to_pandas().to_numpy(object) for name, column in OF_FIELD.items()},
        )
        of_key = values_of(rows["customer_features"], np.float64)
        values = FEATURE_SET.joined(of_key, matured, velocities.velocities(entity_events))
        places = zip(rows["partition"].to_pylist(), rows["offset"].to_pylist(), strict=True)
        found |= {f"{p}:{offset}": row for (p, offset), row in zip(places, values.tolist(), strict=True)}
    return found


def main() -> None:
    told = json.loads(Path(sys.argv[1]).read_text())
    settings = load_settings()
    lake = Lake(settings)
    kinds = {"partition": pa.int32(), "offset": pa.int64(), "timestamp_ms": pa.int64()}
    columns = {name: pa.array(told["sent"][name], kind) for name, kind in kinds.items()}
    columns |= {
        name: pa.array([text.encode() for text in told["sent"][name]], pa.binary()) for name in ("key", "value")
    }
    sent = pa.table(columns)
    risk = fill(lake, sent, told["reports"], told["delay_days"])
    rows = lake.read(tables.FEATURES).to_pylist()
    velocities = lake.read(tables.VELOCITY)
    print(
        json.dumps(
            {
                "names": FEATURE_SET.names,
                "risk": [row | {"date": (row["date"] - EPOCH).days} for row in risk.to_pylist()],
                "velocity": [row | {"date": (row["date"] - EPOCH).days} for row in velocities.to_pylist()],
                "batch": {
                    f"{row['kafka_partition']}:{row['kafka_offset']}": [row[name] for name in FEATURE_SET.names]
                    for row in rows
                },
                "amounts": [row[tables.AMOUNT] for row in rows],
                "stream": stream(lake, settings.data_dir / "state", sent),
            }
        )
    )


if __name__ == "__main__":
    main()
