"""A dead letter to begin with."""

import msgspec

from fraud_platform.operations.dead_letters import DeadLetter, Origin

NOW_MS = 1_790_000_000_000
GOOD = {
    "schema_version": 1,
    "transaction_id": "t1",
    "customer_id": "c1",
    "merchant_id": "m1",
    "event_time_ms": NOW_MS - 1000,
    "amount": 12.5,
}


def letter(key: bytes | None = b"c1", **changes: object) -> DeadLetter:
    """One whose message stood in partition 1 at offset 4."""
    value = msgspec.json.encode(GOOD | changes)
    return DeadLetter("0-17", NOW_MS, key, value, Origin(1, 4, NOW_MS), "country", "is no country")
