"""Bytes of a topic that others write to → transactions and labels, or for each message why it is none.

`transaction_or_fault` and `label_or_fault` are the boundary: no bytes, key or time make them raise. Their limits
are constants, so that the stream and, years later, the batch judge alike.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import TypeVar

import msgspec

from fraud_platform.messages.diagnosis import Fault, bounded, diagnose, hidden_fault
from fraud_platform.messages.schemas import LAST_TIME_MS, MAX_CLOCK_SKEW_MS, MAX_LATENESS_MS, Label, Transaction

_FIELDS, _LABEL_FIELDS = len(Transaction.__struct_fields__), len(Label.__struct_fields__)
_IDENTIFIERS = ("transaction_id", "customer_id", "merchant_id", "device_id")
_LABEL_TEXTS = ("transaction_id", "key", "reviewer", "note")
_decode_transaction = msgspec.json.Decoder(Transaction).decode
_decode_label = msgspec.json.Decoder(Label).decode
S = TypeVar("S", bound=msgspec.Struct)


@dataclass(frozen=True)
class Rejection:
    """Why a message was not accepted: a Fault, short and printable."""

    index: int
    field: str
    reason: str


def decode_transactions(
    keys: Sequence[bytes | None], values: Sequence[bytes | None], timestamps_ms: Iterable[int]
) -> tuple[list[int], list[Transaction], list[Rejection]]:
    """Decode and validate Kafka messages.

    Returns the indices of the accepted messages, their transactions (same length, same
    order) and one rejection for each of the others.
    """
    return _sorted_out(starmap(transaction_or_fault, zip(keys, values, timestamps_ms, strict=True)))


def decode_around(
    keys: Sequence[bytes | None],
    values: Sequence[bytes | None],
    timestamps_ms: Iterable[int],
    passed_over: Sequence[str | None],
) -> tuple[list[int], list[Transaction], list[Rejection]]:
    """As `decode_transactions`; messages that are passed over are rejected unseen, for the reason that is given."""
    seen = [value if why is None else None for value, why in zip(values, passed_over, strict=True)]
    accepted, transactions, rejected = decode_transactions(keys, seen, timestamps_ms)
    return accepted, transactions, [_passed(rejection, passed_over[rejection.index]) for rejection in rejected]


def _passed(rejection: Rejection, why: str | None) -> Rejection:
    return rejection if why is None else Rejection(rejection.index, *bounded(Fault("value", why)))


def decode_labels(
    values: Sequence[bytes | None], timestamps_ms: Iterable[int]
) -> tuple[list[int], list[Label], list[Rejection]]:
    """Decode and validate fraud reports; returns as `decode_transactions`."""
    return _sorted_out(starmap(label_or_fault, zip(values, timestamps_ms, strict=True)))


def transaction_or_fault(key: bytes | None, value: bytes | None, timestamp_ms: int) -> Transaction | Fault:
    """The transaction of one message, or what is wrong with it."""
    try:
        transaction = _decode_transaction(value)  # type: ignore[arg-type]
        fault = _transaction_fault(transaction, key, value, timestamp_ms)  # type: ignore[arg-type]
    except Exception:  # whatever it is, the message is what it is about
        return diagnose(value, Transaction)
    return transaction if fault is None else bounded(fault)


def label_or_fault(value: bytes | None, timestamp_ms: int) -> Label | Fault:
    """The report of one message, or what is wrong with it."""
    try:
        label = _decode_label(value)  # type: ignore[arg-type]
        fault = _label_fault(label, value, timestamp_ms)  # type: ignore[arg-type]
    except Exception:
        return diagnose(value, Label)
    return label if fault is None else bounded(fault)


def _sorted_out(decoded: Iterable[S | Fault]) -> tuple[list[int], list[S], list[Rejection]]:
    outcomes = list(decoded)
    rejected = [Rejection(index, *outcome) for index, outcome in enumerate(outcomes) if isinstance(outcome, Fault)]
    if not rejected:
        return list(range(len(outcomes))), outcomes, rejected  # type: ignore[return-value]
    accepted = [(index, outcome) for index, outcome in enumerate(outcomes) if not isinstance(outcome, Fault)]
    return [index for index, _ in accepted], [outcome for _, outcome in accepted], rejected


def _transaction_fault(t: Transaction, key: bytes | None, value: bytes, timestamp_ms: int) -> Fault | None:
    if not f"{t.transaction_id}{t.customer_id}{t.merchant_id}{t.device_id}".isprintable():
        return Fault(_unprintable_field(t), "has characters that do not print")
    if key is None or key != t.customer_id.encode():
        return Fault("key", "is not the customer_id, so the customer's order is not kept")
    if t.event_time_ms > timestamp_ms + MAX_CLOCK_SKEW_MS:
        return Fault("event_time_ms", "more than 5 minutes after the message timestamp")
    if t.event_time_ms < timestamp_ms - MAX_LATENESS_MS:
        return Fault("event_time_ms", "more than 7 days before the message timestamp")
    # No more colons than values mean that no name stands twice; only other messages are parsed again.
    absent = (t.device_id, t.channel, t.country, t.latitude, t.longitude).count(None)
    return hidden_fault(value) if value.count(b":") > _FIELDS - absent else None


def _unprintable_field(t: Transaction) -> str:
    return next(name for name in _IDENTIFIERS if not (getattr(t, name) or "").isprintable())


def _label_fault(label: Label, value: bytes, timestamp_ms: int) -> Fault | None:
    if not f"{label.transaction_id}{label.key}{label.reviewer}{label.note}".isprintable():
        name = next(name for name in _LABEL_TEXTS if not (getattr(label, name) or "").isprintable())
        return Fault(name, "has characters that do not print")
    if label.reported_at_ms > timestamp_ms + MAX_CLOCK_SKEW_MS:
        return Fault("reported_at_ms", "more than 5 minutes after the message timestamp")
    if timestamp_ms > LAST_TIME_MS:
        return Fault("timestamp", "of the message is after the year 2099")
    absent = (label.key, label.source, label.reviewer, label.note).count(None)
    return hidden_fault(value) if value.count(b":") > _LABEL_FIELDS - absent else None
