"""Finding one transaction in the lake: the decision on it, and what its customer did before."""

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow.compute as pc

from fraud_platform.core.explanation import Decision
from fraud_platform.core.time import DAY_MS, day_of
from fraud_platform.declared import FEATURE_SET
from fraud_platform.errors import FeatureSetMismatchError, LakeError
from fraud_platform.messages.schemas import MAX_LATENESS_MS
from fraud_platform.pipeline import tables
from fraud_platform.storage.lake import Lake, Table

SCORED = (
    "transaction_id",
    "customer_id",
    "event_time_ms",
    "source_partition",
    "source_offset",
    "features",
    "feature_set",
    "model_version",
    "probability",
    "threshold",
    "reasons",
    "scored_at_ms",
)
IDENTITY = ("transaction_id", "customer_id", "event_time_ms", "kafka_partition", "kafka_offset")


def find_decision(lake: Lake, transaction_id: str, champion: Callable[[], int | None]) -> Decision:
    """The scorer's decision on a transaction; where it made none, the features that the champion would decide on.

    `champion` looks up its version. Raises LakeError where no table has the transaction, or
    where it was never scored and there is no champion.
    """
    scored = _row(lake, tables.PREDICTIONS, SCORED, transaction_id)
    if scored is not None:
        return Decision(**scored)
    row = _row(lake, tables.FEATURES, (*IDENTITY, *FEATURE_SET.names), transaction_id)
    if row is None:
        raise LakeError(
            f"transaction {transaction_id} is neither in serving/predictions nor in features/transactions: check the "
            "id, or materialise scored_transactions or transaction_features for its day"
        )
    version = champion()
    if version is None:
        raise LakeError(f"transaction {transaction_id} was never scored, and there is no champion to ask: promote one")
    return Decision(
        transaction_id=transaction_id,
        customer_id=row["customer_id"],
        event_time_ms=row["event_time_ms"],
        source_partition=row["kafka_partition"],
        source_offset=row["kafka_offset"],
        features=[row[name] for name in FEATURE_SET.names],
        feature_set=FEATURE_SET.hash,
        model_version=version,
    )


def require_current(decision: Decision) -> None:
    """Raise FeatureSetMismatchError where the features are not those of the declaration in force."""
    if decision.feature_set != FEATURE_SET.hash:
        raise FeatureSetMismatchError(
            f"transaction {decision.transaction_id} was scored with feature set {decision.feature_set}, of which the "
            f"declaration in force, {FEATURE_SET.hash}, says nothing: explain it under the declaration of that time"
        )


def history_before(lake: Lake, decision: Decision) -> list[dict[str, Any]]:
    """The key's transactions within the declared history before one, newest first; none without such a table.

    Declared fields by name; those that are personal are left out.
    """
    if not lake.exists(tables.TRANSACTIONS):
        return []
    last_ms = decision.event_time_ms
    first_ms = last_ms - FEATURE_SET.history_days * DAY_MS
    first, last = (day_of(ms) for ms in (first_ms, last_ms + MAX_LATENESS_MS))
    time_ms = pc.field(FEATURE_SET.time)
    own = (pc.field(FEATURE_SET.key) == decision.customer_id) & (time_ms > first_ms) & (time_ms <= last_ms)
    others = pc.field(FEATURE_SET.transaction) != decision.transaction_id
    shown = [field.name for field in FEATURE_SET.world if not field.personal]
    columns = list(dict.fromkeys((FEATURE_SET.time, *shown)))
    rows = lake.read(tables.TRANSACTIONS, columns, first, last, where=own & others)
    return rows.sort_by([(FEATURE_SET.time, "descending")]).to_pylist()


def _row(lake: Lake, table: Table, columns: Sequence[str], transaction_id: str) -> dict[str, Any] | None:
    if not lake.exists(table):
        return None
    wanted = pc.field("transaction_id") == transaction_id
    # The day first: all columns of all days would be read for this one row.
    days = lake.read(table, ("date",), where=wanted)["date"].to_pylist()
    if not days:
        return None
    return lake.read(table, columns, days[0], days[0], where=wanted).to_pylist()[0]
