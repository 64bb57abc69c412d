"""Messages of change data capture, as Debezium's: the transaction lies in a member, which is null in a deletion."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from fraud_platform.core.declaration.fields.field import written_path
from fraud_platform.messages.diagnosis import hidden_fault
from fraud_platform.messages.layout import Path

DELETION = "is a deletion, which is no transaction"
"""Why a message is left out that says a row is gone: nothing is wrong with it, so it gets no dead letter."""
_NULL = b"null"


class Opened(NamedTuple):
    """What lies in an envelope, or why nothing does."""

    value: bytes | None
    why: str | None = None


class Envelope:
    """Takes the member at a path out of JSON objects, unread."""

    def __init__(self, path: Path) -> None:
        kind: Any = msgspec.Raw  # as which null is the text, and what is absent the default
        for name in reversed(path):
            kind = msgspec.defstruct("Envelope", [("inner", kind, None)], rename={"inner": name}) | None
        self._decode = msgspec.json.Decoder(kind).decode
        self._depth = len(path)
        self._called = written_path(path)
        self._quoted = msgspec.json.encode(path[-1])

    def opened(self, value: bytes | None) -> Opened:
        """A tombstone, which has no value, is a deletion, too. What is no JSON is left to the decoder to diagnose."""
        if value is None:
            return Opened(None, DELETION)
        try:
            inner: Any = self._decode(value)
        except Exception:
            return Opened(value)
        if value.count(self._quoted) > 1 and (fault := hidden_fault(value)) is not None:
            return Opened(None, f"has a fault: {fault.field} {fault.reason}")
        for _ in range(self._depth):
            inner = inner.inner if inner is not None else None
        if inner is None:
            return Opened(None, f"has no {self._called}")
        if bytes(inner) == _NULL:
            return Opened(None, DELETION)
        return Opened(bytes(inner))

    def all_opened(
        self, values: Sequence[bytes | None], passed_over: Sequence[str | None]
    ) -> tuple[list[bytes | None], list[str | None]]:
        """The values of many messages, and why some of them are passed over; those that are already are not opened."""
        reasons = passed_over or [None] * len(values)
        opened = [
            self.opened(value) if why is None else Opened(value, why)
            for value, why in zip(values, reasons, strict=True)
        ]
        return [one.value for one in opened], [one.why for one in opened]
