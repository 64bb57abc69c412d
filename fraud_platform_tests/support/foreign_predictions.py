"""A prediction as a scorer writes it, and records of the predictions topic that no scorer wrote."""

import msgspec

from fraud_platform_tests.support.simulated_world import FEATURE_NAMES, FEATURE_SET

GOOD = {
    "transaction_id": "T1",
    "customer_id": "C1",
    "event_time_ms": 1_780_000_000_000,
    "probability": 0.5,
    "threshold": 0.9,
    "is_fraud": False,
    "model_name": "m",
    "model_version": 3,
    "reasons": ["amount is high"],
    "source_partition": 1,
    "source_offset": 7,
    "scored_at_ms": 1_780_000_000_500,
    "merchant_risk_date": "2026-05-01",
    "feature_set": FEATURE_SET.hash,
    "features": [0.0] * len(FEATURE_NAMES),
}
CHANGED = {
    "event_time_ms": [-1, 2**62, "1", None],
    "scored_at_ms": [-1, 2**62],
    "probability": [-0.1, 1.1, "0.5", None],
    "is_fraud": ["no", None],
    "model_version": [-1, 2**31, 2**64],
    "source_partition": [-1, 2**31],
    "source_offset": [-1, 2**63],
    "merchant_risk_date": ["yesterday", "20260501", "2026-02-30", 5],
    "features": [[], [0.0], None, ["a"] * len(FEATURE_NAMES)],
    "reasons": [None, "text", [1]],
    "customer_id": [None, 5],
}
BAD = [
    *(None, b"", b"garbage", b"\xff", b"[]", b"null", b'{"transaction_id":"T1"}', b"[" * 50_000),
    msgspec.json.encode(GOOD)[:-1] + b',"x":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    *(msgspec.json.encode(GOOD | {name: value}) for name, values in CHANGED.items() for value in values),
]
