"""The messages on Kafka: fields, types, units and the JSON codec. No I/O.

Times are integer milliseconds since 1970-01-01 UTC, amounts are in the major unit of
the platform's one currency with two decimals.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from fraud_platform.diagnosis import diagnose, repeated_name

SCHEMA_VERSION = 1
MAX_AMOUNT = 10_000_000.0
MAX_CLOCK_SKEW_MS = 5 * 60 * 1000
"""An event may lie this far after its Kafka timestamp; a later one would freeze its customer's clock."""
MAX_LATENESS_MS = 7 * 24 * 3600 * 1000
"""An event older than this at arrival is rejected; it bounds the history that batch features read."""
FIRST_TIME_MS = 946_684_800_000  # 2000-01-01
LAST_TIME_MS = 4_102_444_800_000  # 2100-01-01

Identifier = Annotated[str, Meta(min_length=1, max_length=64)]
TimeMs = Annotated[int, Meta(ge=FIRST_TIME_MS, le=LAST_TIME_MS)]
Channel = Literal["chip", "contactless", "online", "atm"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
"""Their order gives the codes that the scorer's state holds: a new one comes last."""


class Transaction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One payment attempt. Kafka key: customer_id. Optional fields may be absent or null."""

    schema_version: Literal[1]
    transaction_id: Identifier
    customer_id: Identifier
    merchant_id: Identifier
    event_time_ms: TimeMs
    amount: Annotated[float, Meta(ge=0, le=MAX_AMOUNT)]
    device_id: Identifier | None = None
    channel: Channel | None = None
    country: Annotated[str, Meta(pattern=r"\A[A-Z]{2}\Z")] | None = None
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """A report on one transaction (a chargeback, or its reversal). Kafka key: transaction_id.

    The newest report known at a time holds; without one a transaction counts as
    legitimate once it is LABEL_DELAY_DAYS old.
    """

    schema_version: Literal[1]
    transaction_id: Identifier
    is_fraud: bool
    reported_at_ms: TimeMs


class Prediction(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The decision on one transaction, and all that is needed to reproduce it."""

    transaction_id: str
    customer_id: str
    event_time_ms: int
    probability: float
    threshold: float
    is_fraud: bool
    model_name: str
    model_version: int
    reasons: list[str]
    source_partition: int
    source_offset: int
    scored_at_ms: int
    merchant_risk_date: str | None
    """As-of date of the merchant_risk table that was looked up; None if there was none yet."""
    feature_set: str
    """Hash of the declared features; `features` are in their declared order."""
    features: list[float]


class ShadowPrediction(msgspec.Struct, frozen=True, kw_only=True):
    """What the model that did not decide makes of a transaction. Kafka key: customer_id. Nobody is to act on it."""

    role: Literal["shadow"] = "shadow"
    transaction_id: str
    customer_id: str
    event_time_ms: int
    probability: float
    threshold: float
    is_fraud: bool
    model_name: str
    model_version: int
    decided_by_version: int
    """Version whose decision, `decided_is_fraud`, is in the predictions topic."""
    decided_is_fraud: bool
    source_partition: int
    source_offset: int
    scored_at_ms: int


class ScorerEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the scorer's ledger."""

    kind: Literal[
        "started",
        "model_loaded",
        "model_refused",
        "challenger_loaded",
        "challenger_refused",
        "canary_rolled_back",
        "champion_set",
        "alarm_raised",
        "alarm_cleared",
        "letter_retried",
        "stopped",
    ]
    scorer_id: str
    at_ms: int
    model_version: int | None = None
    from_offsets: dict[str, int] | None = None
    """First offset of each partition of the transactions topic that the version, or the started query, scores."""
    reason: str | None = None
    by: str | None = None
    """Who asked for it, where a person did."""
    consumer_group: str | None = None
    """Of a started query: KAFKA_GROUP_ID and Spark's query id. Its offsets say where the output ends."""
    letter: str | None = None
    """Dead letter that was sent again."""


_FIELDS = len(Transaction.__struct_fields__)


@dataclass(frozen=True)
class Rejection:
    """Why a message was not accepted. `field` is "value" where the message as a whole is at fault."""

    index: int
    field: str
    reason: str


UNDECODABLE = (msgspec.MsgspecError, TypeError, UnicodeDecodeError, RecursionError)
"""What the decoder raises on bytes that are no message."""
_decoders: dict[type, msgspec.json.Decoder] = {t: msgspec.json.Decoder(t) for t in (Transaction, Label)}
encode = msgspec.json.Encoder().encode
"""JSON bytes of any of the messages."""


def decode_transactions(
    keys: Sequence[bytes | None], values: Sequence[bytes | None], timestamps_ms: Iterable[int]
) -> tuple[list[int], list[Transaction], list[Rejection]]:
    """Decode and validate Kafka messages.

    Returns the indices of the accepted messages, their transactions (same length, same
    order) and one rejection for each of the others.
    """
    accepted: list[int] = []
    transactions: list[Transaction] = []
    rejected: list[Rejection] = []
    decode = _decoders[Transaction].decode
    for index, (key, value, timestamp_ms) in enumerate(zip(keys, values, timestamps_ms, strict=True)):
        try:
            transaction = decode(value)  # type: ignore[arg-type]
        except UNDECODABLE as error:
            rejected.append(Rejection(index, *diagnose(value, error, SCHEMA_VERSION)))
            continue
        if fault := _transaction_fault(transaction, key, value, timestamp_ms):
            rejected.append(Rejection(index, *fault))
        else:
            accepted.append(index)
            transactions.append(transaction)
    return accepted, transactions, rejected


def decode_labels(
    values: Sequence[bytes | None], timestamps_ms: Iterable[int]
) -> tuple[list[int], list[Label], list[Rejection]]:
    """Decode and validate fraud reports; returns as `decode_transactions`."""
    accepted: list[int] = []
    labels: list[Label] = []
    rejected: list[Rejection] = []
    decode = _decoders[Label].decode
    for index, (value, timestamp_ms) in enumerate(zip(values, timestamps_ms, strict=True)):
        try:
            label = decode(value)  # type: ignore[arg-type]
        except UNDECODABLE as error:
            rejected.append(Rejection(index, *diagnose(value, error, SCHEMA_VERSION)))
            continue
        if label.reported_at_ms > timestamp_ms + MAX_CLOCK_SKEW_MS:
            rejected.append(Rejection(index, "reported_at_ms", "more than 5 minutes after the message timestamp"))
        else:
            accepted.append(index)
            labels.append(label)
    return accepted, labels, rejected


def _transaction_fault(
    transaction: Transaction, key: bytes | None, value: bytes | None, timestamp_ms: int
) -> tuple[str, str] | None:
    t = transaction
    if not f"{t.transaction_id}{t.customer_id}{t.merchant_id}{t.device_id}".isprintable():
        return _unprintable_field(t), "has characters that do not print"
    if key is None or key != transaction.customer_id.encode():
        return "key", "is not the customer_id, so the customer's order is not kept"
    if transaction.event_time_ms > timestamp_ms + MAX_CLOCK_SKEW_MS:
        return "event_time_ms", "more than 5 minutes after the message timestamp"
    if transaction.event_time_ms < timestamp_ms - MAX_LATENESS_MS:
        return "event_time_ms", "more than 7 days before the message timestamp"
    # No more colons than values mean that no name stands twice; only other messages are parsed again.
    absent = (t.device_id, t.channel, t.country, t.latitude, t.longitude).count(None)
    if value is not None and value.count(b":") > _FIELDS - absent and (name := repeated_name(value)):
        return name, "is given twice"
    return None


def _unprintable_field(transaction: Transaction) -> str:
    names = ("transaction_id", "customer_id", "merchant_id", "device_id")
    return next(name for name in names if not (getattr(transaction, name) or "").isprintable())
