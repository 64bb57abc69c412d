"""Bytes of the labels topic → labels, or for each message why it is none.

`label_or_fault` is the boundary: no bytes and no time make it raise. Its limits are constants, so that
whoever reads the topic, and whoever reads it again years later, judge alike.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from fraud_platform.core.printable import is_name
from fraud_platform.messages.diagnosis import Fault, bounded, diagnose, hidden_fault
from fraud_platform.messages.schemas import LAST_TIME_MS, MAX_CLOCK_SKEW_MS, Label

_LABEL_FIELDS = len(Label.__struct_fields__)
_LABEL_TEXTS = ("transaction_id", "key", "reviewer", "note")
_decode_label = msgspec.json.Decoder(Label).decode


@dataclass(frozen=True)
class Rejection:
    """Why a message was not accepted: a Fault, short and printable."""

    index: int
    field: str
    reason: str


def decode_labels(
    values: Sequence[bytes | None], timestamps_ms: Iterable[int]
) -> tuple[list[int], list[Label], list[Rejection]]:
    """Decode and validate fraud reports.

    Returns the indices of the accepted messages, their labels (same length, same order) and
    one rejection for each of the others.
    """
    outcomes = [label_or_fault(value, time_ms) for value, time_ms in zip(values, timestamps_ms, strict=True)]
    rejected = [Rejection(index, *outcome) for index, outcome in enumerate(outcomes) if isinstance(outcome, Fault)]
    accepted = [(index, outcome) for index, outcome in enumerate(outcomes) if not isinstance(outcome, Fault)]
    return [index for index, _ in accepted], [outcome for _, outcome in accepted], rejected


def label_or_fault(value: bytes | None, timestamp_ms: int) -> Label | Fault:
    """The report of one message, or what is wrong with it."""
    try:
        label = _decode_label(value)  # type: ignore[arg-type]
        fault = _label_fault(label, value, timestamp_ms)  # type: ignore[arg-type]
    except Exception:
        return diagnose(value, Label)
    return label if fault is None else bounded(fault)


def _label_fault(label: Label, value: bytes, timestamp_ms: int) -> Fault | None:
    if not is_name(f"{label.transaction_id}{label.key}{label.reviewer}{label.note}"):
        name = next(name for name in _LABEL_TEXTS if not is_name(getattr(label, name) or ""))
        return Fault(name, "has control characters")
    if label.reported_at_ms > timestamp_ms + MAX_CLOCK_SKEW_MS:
        return Fault("reported_at_ms", "more than 5 minutes after the message timestamp")
    if timestamp_ms > LAST_TIME_MS:
        return Fault("timestamp", "of the message is after the year 2099")
    absent = (label.key, label.source, label.reviewer, label.note).count(None)
    return hidden_fault(value) if value.count(b":") > _LABEL_FIELDS - absent else None
