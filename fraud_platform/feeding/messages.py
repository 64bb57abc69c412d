"""What a feed sends: transactions and chargebacks as encoded messages, and the ways in which a feed goes wrong."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from fraud_platform.declared import DECLARATION
from fraud_platform.errors import ConfigurationError
from fraud_platform.messages.schemas import FIRST_TIME_MS, SCHEMA_VERSION, Label, Transaction, encode
from fraud_platform.messages.transactions import DECODER

Kind = Literal["transaction", "late", "duplicate", "malformed", "label"]
OPTIONAL_FIELDS = ("device_id", "channel", "country", "latitude", "longitude")

VALUE = "value"
"""Column of a frame whose messages are made already: their bytes."""
REPORT_COLUMNS = ["transaction_id", "customer_id", "reported_at_ms"]
"""Of a chargeback that is still to be sent."""

_MEAN_LATENESS_MS = 3600 * 1000
_MAX_LATENESS_MS = 6 * 3600 * 1000
_MAX_DUPLICATE_DELAY_MS = 10 * 60 * 1000
_FAR_FUTURE_MS = 400 * 24 * 3600 * 1000


class Message(NamedTuple):
    """One message and the time at which it goes out, milliseconds since 1970 UTC."""

    send_ms: int
    kind: Kind
    transaction_id: str
    key: bytes
    value: bytes


@dataclass(frozen=True)
class Disturbances:
    """Shares of the transactions that are sent hours late, sent twice, or followed by a malformed message."""

    late: float = 0.0
    duplicates: float = 0.0
    malformed: float = 0.0
    seed: int = 0


def require_simulated_world() -> None:
    """Raise ConfigurationError where the messages of `fraud simulate` are none of the declaration in force."""
    sample = Transaction(
        schema_version=1, transaction_id="T", customer_id="C", merchant_id="M", event_time_ms=FIRST_TIME_MS, amount=1.0
    )
    if fault := DECODER.fault(b"C", encode(sample), FIRST_TIME_MS):
        raise ConfigurationError(
            f"the simulator's transactions are none of the declaration {DECLARATION.header.name} ({fault.field}: "
            f"{fault.reason}): leave DECLARATION out to simulate, or send a file with 'fraud replay'"
        )


def transaction_messages(frame: pd.DataFrame, disturbances: Disturbances) -> list[Message]:
    """Messages of the transactions in a frame, and of their disturbances, in no particular order.

    The frame has the fields of schemas.Transaction as columns; optional ones may be
    missing, None or NaN. Or it has VALUE, the messages as they are. Malformed messages are
    extra, with identifiers of their own, so that no transaction is lost to them.
    """
    if frame.empty:
        return []
    rng = np.random.default_rng(np.random.SeedSequence([disturbances.seed, int(frame["event_time_ms"].iloc[0])]))
    late = rng.random(len(frame)) < disturbances.late
    lateness_ms = np.minimum(rng.exponential(_MEAN_LATENESS_MS, len(frame)), _MAX_LATENESS_MS)
    send_ms = frame["event_time_ms"].to_numpy() + np.where(late, lateness_ms, 0).astype(np.int64)
    kinds: list[Kind] = ["late" if is_late else "transaction" for is_late in late.tolist()]
    identity = (frame[name].tolist() for name in ("transaction_id", "customer_id"))
    sent = [
        Message(at, kind, transaction_id, key.encode(), value)
        for at, kind, transaction_id, key, value in zip(send_ms.tolist(), kinds, *identity, _values(frame), strict=True)
    ]
    duplicated = np.flatnonzero(rng.random(len(frame)) < disturbances.duplicates)
    malformed = np.flatnonzero(rng.random(len(frame)) < disturbances.malformed)
    return [
        *sent,
        *(_duplicate(sent[row], int(rng.integers(_MAX_DUPLICATE_DELAY_MS))) for row in duplicated),
        *(_malform(sent[row], _FAULTS[rng.integers(len(_FAULTS))]) for row in malformed),
    ]


def report_messages(reports: pd.DataFrame) -> list[Message]:
    """Messages of chargebacks, from REPORT_COLUMNS."""
    columns = (reports[name].tolist() for name in REPORT_COLUMNS)
    return [
        Message(at, "label", transaction_id, transaction_id.encode(), encode(_report(transaction_id, customer, at)))
        for transaction_id, customer, at in zip(*columns, strict=True)
    ]


def _report(transaction_id: str, customer_id: str, at_ms: int) -> Label:
    return Label(schema_version=1, transaction_id=transaction_id, key=customer_id, is_fraud=True, reported_at_ms=at_ms)


def _values(frame: pd.DataFrame) -> Iterable[bytes]:
    return frame[VALUE].tolist() if VALUE in frame else map(encode, _transactions(frame))


def _transactions(frame: pd.DataFrame) -> Iterable[Transaction]:
    columns = (_optional(frame, name) for name in OPTIONAL_FIELDS)
    required = ("transaction_id", "customer_id", "merchant_id", "event_time_ms", "amount")
    for row in zip(*(frame[name].tolist() for name in required), *columns, strict=False):
        yield Transaction(
            schema_version=1,
            transaction_id=row[0],
            customer_id=row[1],
            merchant_id=row[2],
            event_time_ms=row[3],
            amount=row[4],
            device_id=row[5],
            channel=row[6],
            country=row[7],
            latitude=row[8],
            longitude=row[9],
        )


def _optional(frame: pd.DataFrame, name: str) -> Iterable[Any]:
    if name not in frame:
        return repeat(None)
    # NaN is the one value that differs from itself.
    return [None if value != value else value for value in frame[name].tolist()]


def _duplicate(message: Message, delay_ms: int) -> Message:
    return message._replace(send_ms=message.send_ms + delay_ms, kind="duplicate")


def _malform(message: Message, fault: Callable[[dict[str, Any]], bytes]) -> Message:
    document = json.loads(message.value)
    document["transaction_id"] += "-malformed"
    return message._replace(kind="malformed", transaction_id=document["transaction_id"], value=fault(document))


def _with(**fields: Any) -> Callable[[dict[str, Any]], bytes]:
    return lambda document: json.dumps(document | fields).encode()


_FAULTS: tuple[Callable[[dict[str, Any]], bytes], ...] = (
    lambda document: json.dumps(document).encode()[:-9],  # cut short: not JSON
    lambda document: json.dumps({k: v for k, v in document.items() if k != "merchant_id"}).encode(),
    lambda document: json.dumps(document | {"event_time_ms": document["event_time_ms"] + _FAR_FUTURE_MS}).encode(),
    _with(amount="a lot"),
    _with(amount=-12.5),
    _with(amount=float("nan")),
    _with(schema_version=SCHEMA_VERSION + 98),
)
