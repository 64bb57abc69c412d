"""What the codec accepts, and what it says about what it does not."""

import pytest

from fraud_platform.schemas import decode_labels, decode_transactions, encode
from fraud_platform_tests.bad_messages import BAD_MESSAGES, EVENT_TIME_MS, KEY, valid


@pytest.mark.parametrize("name", BAD_MESSAGES)
def test_a_bad_message_is_rejected_with_field_and_reason(name):
    key, value, field, reason = BAD_MESSAGES[name]
    accepted, transactions, rejected = decode_transactions([key], [value], [EVENT_TIME_MS])
    assert (accepted, transactions, len(rejected)) == ([], [], 1)
    assert rejected[0].field == field
    assert reason in rejected[0].reason


def test_the_rest_of_a_batch_with_bad_messages_is_accepted_in_order():
    bad_keys, bad_values = zip(*((key, value) for key, value, _, _ in BAD_MESSAGES.values()), strict=True)
    keys = [KEY, *bad_keys, KEY]
    values = [valid(transaction_id="first"), *bad_values, valid(transaction_id="last")]
    accepted, transactions, rejected = decode_transactions(keys, values, [EVENT_TIME_MS] * len(keys))
    assert accepted == [0, len(keys) - 1]
    assert [t.transaction_id for t in transactions] == ["first", "last"]
    assert [r.index for r in rejected] == list(range(1, len(keys) - 1))


@pytest.mark.parametrize("field", ["device_id", "channel", "country", "latitude", "longitude"])
@pytest.mark.parametrize("absent", [None, ...])
def test_optional_fields_may_be_null_or_absent(field, absent):
    _, (transaction,), _ = decode_transactions([KEY], [valid(**{field: absent})], [EVENT_TIME_MS])
    assert getattr(transaction, field) is None


def test_an_event_up_to_five_minutes_after_its_message_is_accepted():
    accepted, _, _ = decode_transactions([KEY], [valid(event_time_ms=EVENT_TIME_MS + 300_000)], [EVENT_TIME_MS])
    assert accepted == [0]


def test_a_transaction_survives_encoding():
    _, (transaction,), _ = decode_transactions([KEY], [valid()], [EVENT_TIME_MS])
    assert decode_transactions([KEY], [encode(transaction)], [EVENT_TIME_MS])[1] == [transaction]


def test_a_label_reported_in_the_future_is_rejected():
    report = b'{"schema_version":1,"transaction_id":"T1","is_fraud":true,"reported_at_ms":%d}'
    values = [report % EVENT_TIME_MS, report % (EVENT_TIME_MS + 300_001), b"{}"]
    accepted, labels, rejected = decode_labels(values, [EVENT_TIME_MS] * 3)
    assert (accepted, labels[0].is_fraud) == ([0], True)
    assert [(r.index, r.field) for r in rejected] == [(1, "reported_at_ms"), (2, "schema_version")]
