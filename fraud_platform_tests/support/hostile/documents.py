"""Good documents to spoil: one of each message, and the ways to write it that Python's own writer does not know."""

import json
from typing import Any, NamedTuple

import msgspec

from fraud_platform.messages.schemas import Label, Prediction, ScorerEvent, Transaction

EVENT_TIME_MS = 1_780_000_000_000


class Hostile(NamedTuple):
    """A message that must be rejected, and what has to be said of it."""

    key: bytes | None
    value: bytes | None
    field: str
    reason: str
    """A part of the reason."""
    is_hidden: bool = False
    """Only a reader that looks twice sees it: the values that others take are those of a good message."""


class Document(NamedTuple):
    """A good message of a topic."""

    struct: type[msgspec.Struct]
    key: bytes
    fields: dict[str, Any]

    def value(self, **changes: Any) -> bytes:
        """JSON with fields changed, or left out where the value is `...`."""
        return json.dumps({k: v for k, v in (self.fields | changes).items() if v is not ...}).encode()

    def literally(self, field: str, text: bytes) -> bytes:
        """JSON with the bytes of one value replaced, for what Python's writer does not write."""
        return self.value(**{field: "@@"}).replace(b'"@@"', text)

    def followed_by(self, more: bytes) -> bytes:
        """JSON with something more inside the object."""
        return self.value()[:-1] + b", " + more + b"}"


TRANSACTION = Document(
    Transaction,
    b"C1",
    {
        "schema_version": 1,
        "transaction_id": "T1",
        "customer_id": "C1",
        "merchant_id": "M1",
        "event_time_ms": EVENT_TIME_MS,
        "amount": 12.5,
        "device_id": "D1",
        "channel": "chip",
        "country": "FR",
        "latitude": 48.85,
        "longitude": 2.35,
    },
)
LABEL = Document(
    Label,
    b"T1",
    {
        "schema_version": 1,
        "transaction_id": "T1",
        "is_fraud": True,
        "reported_at_ms": EVENT_TIME_MS,
        "key": "C1",
        "source": "review",
        "reviewer": "ann",
        "note": "called back",
    },
)
EVENT = Document(
    ScorerEvent,
    b"scorer-1",
    {
        "kind": "model_loaded",
        "scorer_id": "scorer-1",
        "at_ms": EVENT_TIME_MS,
        "model_version": 3,
        "from_offsets": {"0": 10, "1": 12},
        "reason": "better",
        "by": "ann",
        "consumer_group": "fraud-scorer-1",
        "letter": "0-17",
    },
)
PREDICTION = Document(
    Prediction,
    b"C1",
    {
        "transaction_id": "T1",
        "customer_id": "C1",
        "event_time_ms": EVENT_TIME_MS,
        "probability": 0.25,
        "threshold": 0.5,
        "is_fraud": False,
        "model_name": "fraud-detector",
        "model_version": 3,
        "reasons": ["amount is high"],
        "source_partition": 0,
        "source_offset": 17,
        "scored_at_ms": EVENT_TIME_MS,
        "merchant_risk_date": "2026-05-01",
        "feature_set": "0123456789abcdef",
        "features": [1.0, 2.5],
    },
)
