"""All kinds of hostile message, by the topic that they are on: name → message."""

from fraud_platform_tests.support.bad_messages import BAD_MESSAGES
from fraud_platform_tests.support.hostile.broken import broken
from fraud_platform_tests.support.hostile.documents import EVENT, EVENT_TIME_MS, LABEL, PREDICTION, TRANSACTION, Hostile
from fraud_platform_tests.support.hostile.fields import wrong_fields
from fraud_platform_tests.support.simulated_world import FEATURE_SET

DAY_MS = 86_400_000
AMOUNT_AS_TEXT = "amount is a number in a text"
"""Of another type than others write it, and no less an amount: exact producers write theirs so."""

TRANSACTIONS: dict[str, Hostile] = {
    **broken(TRANSACTION),
    **{name: kind for name, kind in wrong_fields(TRANSACTION).items() if name != AMOUNT_AS_TEXT},
    **{f"{name} (by hand)": Hostile(*kind) for name, kind in BAD_MESSAGES.items()},
    "a key of a megabyte": Hostile(b"k" * 1_000_000, TRANSACTION.value(), "key", "is not the customer_id"),
    "a key that is no UTF-8": Hostile(b"\xff", TRANSACTION.value(), "key", "is not the customer_id"),
    "a key in quotes": Hostile(b'"C1"', TRANSACTION.value(), "key", "is not the customer_id"),
    "a key with a blank": Hostile(b"C1 ", TRANSACTION.value(), "key", "is not the customer_id"),
    "a customer id of the same look": Hostile(
        b"C1", TRANSACTION.value(customer_id="\u04211"), "key", "is not the customer_id"
    ),
}
LABELS: dict[str, Hostile] = {
    **broken(LABEL),
    **wrong_fields(LABEL),
    "reported in the future": Hostile(
        LABEL.key, LABEL.value(reported_at_ms=EVENT_TIME_MS + 300_001), "reported_at_ms", "after the message"
    ),
    "reported in seconds": Hostile(LABEL.key, LABEL.value(reported_at_ms=EVENT_TIME_MS // 1000), "reported_at_ms", ""),
    "reported before 2000": Hostile(LABEL.key, LABEL.value(reported_at_ms=0), "reported_at_ms", ">= 946684800000"),
    "reported after 2100": Hostile(LABEL.key, LABEL.value(reported_at_ms=2**53), "reported_at_ms", "<= 4102444800000"),
    "a transaction": Hostile(LABEL.key, TRANSACTION.value(), "is_fraud", "is missing"),
    "a prediction": Hostile(LABEL.key, PREDICTION.value(schema_version=1), "reported_at_ms", "is missing"),
}
EVENTS: dict[str, Hostile] = {
    **broken(EVENT),
    **wrong_fields(EVENT),
    "a transaction": Hostile(EVENT.key, TRANSACTION.value(), "kind", "is missing"),
    "an offset below zero": Hostile(EVENT.key, EVENT.value(from_offsets={"0": -1}), "from_offsets", ""),
    "a partition in words": Hostile(EVENT.key, EVENT.value(from_offsets={"first": 1}), "from_offsets", ""),
    "an offset in a text": Hostile(EVENT.key, EVENT.value(from_offsets={"0": "1"}), "from_offsets", ""),
    "a version below zero": Hostile(EVENT.key, EVENT.value(model_version=-1), "model_version", ""),
    "a version beyond int32": Hostile(EVENT.key, EVENT.value(model_version=2**31), "model_version", ""),
    "a time before 1970": Hostile(EVENT.key, EVENT.value(at_ms=-1), "at_ms", ""),
    "a time beyond int64": Hostile(EVENT.key, EVENT.value(at_ms=2**63), "at_ms", ""),
}
PREDICTIONS: dict[str, Hostile] = {
    **broken(PREDICTION),
    **wrong_fields(PREDICTION),
    "a shadow prediction": Hostile(
        PREDICTION.key, PREDICTION.value(role="shadow", reasons=..., source_partition=...), "reasons", "is missing"
    ),
    "a text among the features": Hostile(PREDICTION.key, PREDICTION.value(features=[1.0, "2"]), "features", ""),
    "null among the reasons": Hostile(PREDICTION.key, PREDICTION.value(reasons=[None]), "reasons", ""),
    "a version beyond int32": Hostile(PREDICTION.key, PREDICTION.value(model_version=2**31), "model_version", ""),
    "an offset beyond int64": Hostile(PREDICTION.key, PREDICTION.value(source_offset=2**63), "source_offset", ""),
    "a partition beyond int32": Hostile(PREDICTION.key, PREDICTION.value(source_partition=2**31), "source_", ""),
    "a time beyond all days": Hostile(PREDICTION.key, PREDICTION.value(event_time_ms=2**60), "event_time_ms", ""),
    "a probability over 1": Hostile(PREDICTION.key, PREDICTION.value(probability=1.5), "probability", ""),
    "a date that is none": Hostile(PREDICTION.key, PREDICTION.value(merchant_risk_date="2026-02-30"), "merchant_", ""),
    "fewer features than its set has": Hostile(
        PREDICTION.key, PREDICTION.value(feature_set=FEATURE_SET.hash), "features", ""
    ),
}

ODD_TRANSACTIONS: dict[str, bytes] = {
    "markup in an id": TRANSACTION.value(transaction_id="[/x][bold]"),
    "a link in an id": TRANSACTION.value(merchant_id="[link=file:///etc/passwd]M1[/link]"),
    "a path in an id": TRANSACTION.value(device_id="../../etc/passwd"),
    "a query in an id": TRANSACTION.value(merchant_id="'; DROP TABLE labels; --"),
    "a formula in an id": TRANSACTION.value(merchant_id='=HYPERLINK("http://x")'),
    "a template in an id": TRANSACTION.value(merchant_id="{{7*7}}${jndi:ldap://x}%s%n"),
    "braces and colons in an id": TRANSACTION.value(merchant_id='{"a":[1,{"b":2}]}'),
    "another script in an id": TRANSACTION.value(merchant_id="\u5546\u5e97 \U0001f3e6"),
    "64 characters of four bytes": TRANSACTION.value(merchant_id="\U0001f3e6" * 64),
    "a combining character": TRANSACTION.value(merchant_id="cafe\u0301"),
    "nothing asked for": TRANSACTION.value(amount=0),
    "minus nothing": TRANSACTION.literally("amount", b"-0.0"),
    AMOUNT_AS_TEXT: TRANSACTION.value(amount="12.5"),
    "an amount with a hundred zeros": TRANSACTION.literally("amount", b"12.5" + b"0" * 100),
    "an amount with an exponent": TRANSACTION.literally("amount", b"125e-1"),
    "the largest amount": TRANSACTION.value(amount=10_000_000),
    "the poles": TRANSACTION.value(latitude=-90, longitude=180),
    "no optional field": TRANSACTION.value(device_id=..., channel=..., country=..., latitude=..., longitude=...),
    "optional fields that are null": TRANSACTION.value(device_id=None, channel=None, country=None, latitude=None),
    "a field of a later version": TRANSACTION.followed_by(b'"note": {"x": [1, {"y": null}]}'),
    "64 levels in it": TRANSACTION.followed_by(b'"note": ' + b"[" * 63 + b"]" * 63),
    "a number of thousands of digits in it": TRANSACTION.followed_by(b'"note": ' + b"9" * 5_000),
    "a number beyond float64 in it": TRANSACTION.followed_by(b'"note": 1e999'),
    "a text of half a megabyte in it": TRANSACTION.followed_by(b'"note": "' + b"[{:" * 150_000 + b'"'),
    "ten thousand fields in it": TRANSACTION.followed_by(b", ".join(b'"f%d": 1' % i for i in range(10_000))),
    "an empty name": TRANSACTION.followed_by(b'"": 1'),
    "a field's name as a path": TRANSACTION.followed_by(b'"$.amount": NaN'.replace(b"NaN", b"1")),
    "much white space": b" \n\t" * 10_000 + TRANSACTION.value() + b"\r\n" * 10_000,
    "escaped letters": TRANSACTION.value().replace(b'"chip"', rb'"\u0063hip"'),
}
"""Transactions that look wrong and are not: each is scored."""
