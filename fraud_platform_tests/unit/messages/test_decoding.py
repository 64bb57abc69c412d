"""What the codec accepts, and what it says about what it does not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_platform.messages.decoding import decode_labels
from fraud_platform.messages.schemas import Transaction, encode
from fraud_platform.messages.transactions import DECODER
from fraud_platform_tests.support.bad_messages import BAD_MESSAGES, EVENT_TIME_MS, KEY, valid


@pytest.mark.parametrize("name", BAD_MESSAGES)
def test_a_bad_message_is_rejected_with_field_and_reason(name):
    key, value, field, reason = BAD_MESSAGES[name]
    decoded = DECODER.decode([key], [value], [EVENT_TIME_MS])
    assert (decoded.accepted, len(decoded.rejections)) == ([], 1)
    assert not any(decoded.columns.values())
    assert decoded.rejections[0].field == field
    assert reason in decoded.rejections[0].reason


@given(st.data())
def test_whatever_the_bytes_a_message_is_either_accepted_or_rejected_in_words(data):
    value = bytearray(valid())
    for _ in range(data.draw(st.integers(1, 4))):
        first = data.draw(st.integers(0, len(value)))
        value[first : first + data.draw(st.integers(0, 8))] = data.draw(
            st.binary(max_size=4) | st.sampled_from([b"NaN", b"1e999", b"null", rb'"\udfff"', b"[[", b"}", b'":'])
        )
    decoded = DECODER.decode([KEY], [bytes(value)], [EVENT_TIME_MS])
    assert {len(decoded.accepted), *map(len, decoded.columns.values())} == {1 - len(decoded.rejections)}
    for rejection in decoded.rejections:
        assert rejection.field.encode() and rejection.reason.encode()


@pytest.mark.parametrize(
    "value",
    [
        valid(amount=0),
        valid(amount="12.50"),
        valid(note="a field of a later version", more={"x": [1]}),
        valid(merchant_id="a:b", device_id=None),
        valid(merchant_id="caf\u00e9 \U0001f3e6"),
    ],
)
def test_what_is_odd_but_sound_is_accepted(value):
    """Nothing asked for, an amount as text, an unknown field, a colon or another script in an identifier."""
    assert DECODER.decode([KEY], [value], [EVENT_TIME_MS]).accepted == [0]


def test_the_rest_of_a_batch_with_bad_messages_is_accepted_in_order():
    bad_keys, bad_values = zip(*((key, value) for key, value, _, _ in BAD_MESSAGES.values()), strict=True)
    keys = [KEY, *bad_keys, KEY]
    values = [valid(transaction_id="first"), *bad_values, valid(transaction_id="last")]
    decoded = DECODER.decode(keys, values, [EVENT_TIME_MS] * len(keys))
    assert decoded.accepted == [0, len(keys) - 1]
    assert decoded.columns["transaction_id"] == ["first", "last"]
    assert [r.index for r in decoded.rejections] == list(range(1, len(keys) - 1))


@pytest.mark.parametrize("field", ["device_id", "channel", "country", "latitude", "longitude"])
@pytest.mark.parametrize("absent", [None, ...])
def test_optional_fields_may_be_null_or_absent(field, absent):
    assert DECODER.decode([KEY], [valid(**{field: absent})], [EVENT_TIME_MS]).columns[field] == [None]


def test_an_event_up_to_five_minutes_after_its_message_is_accepted():
    assert DECODER.decode([KEY], [valid(event_time_ms=EVENT_TIME_MS + 300_000)], [EVENT_TIME_MS]).accepted == [0]


def test_a_transaction_survives_encoding():
    decoded = DECODER.decode([KEY], [valid()], [EVENT_TIME_MS])
    fields = {name: value for name, (value,) in decoded.columns.items()}
    again = encode(Transaction(schema_version=1, **fields | {"amount": fields["amount"] / 100}))
    assert DECODER.decode([KEY], [again], [EVENT_TIME_MS]) == decoded


def test_a_label_reported_in_the_future_is_rejected():
    report = b'{"schema_version":1,"transaction_id":"T1","is_fraud":true,"reported_at_ms":%d}'
    values = [report % EVENT_TIME_MS, report % (EVENT_TIME_MS + 300_001), b"{}"]
    accepted, labels, rejected = decode_labels(values, [EVENT_TIME_MS] * 3)
    assert (accepted, labels[0].is_fraud) == ([0], True)
    assert [(r.index, r.field) for r in rejected] == [(1, "reported_at_ms"), (2, "schema_version")]


def label(**fields):
    base = {"schema_version": 1, "transaction_id": "T1", "is_fraud": True, "reported_at_ms": EVENT_TIME_MS}
    return json.dumps(base | fields, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"key": "C1", "source": "review", "reviewer": "ann", "note": "called: the card was lost"},
        {"key": None, "source": None, "reviewer": None, "note": None},
        {"source": "chargeback", "note": ""},
        {"note": "x" * 500},
        {"transaction_id": "t" * 256, "key": "c" * 256},  # as long as a declaration may allow
    ],
)
def test_a_report_may_name_the_customer_and_who_says_so_and_why(fields):
    _, (report,), rejected = decode_labels([label(**fields)], [EVENT_TIME_MS])
    assert not rejected
    assert all(getattr(report, name) == value for name, value in fields.items())
    assert decode_labels([encode(report)], [EVENT_TIME_MS])[1] == [report]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"key": ""}, "key"),
        ({"key": "c" * 257}, "key"),
        ({"transaction_id": "t" * 257}, "transaction_id"),
        ({"key": 7}, "key"),
        ({"source": "rumour"}, "source"),
        ({"reviewer": "a" * 65}, "reviewer"),
        ({"reviewer": "ann\u202e"}, "reviewer"),
        ({"key": "C\x00"}, "key"),
        ({"note": "x" * 501}, "note"),
        ({"note": "two\nlines"}, "note"),
    ],
)
def test_a_report_with_a_fault_in_these_is_rejected_for_it(fields, field):
    _, _, (rejection,) = decode_labels([label(**fields)], [EVENT_TIME_MS])
    assert rejection.field == field


def test_a_report_that_names_its_customer_twice_is_rejected():
    twice = label(key="C1")[:-1] + b', "key": "C2"}'
    _, _, (rejection,) = decode_labels([twice], [EVENT_TIME_MS])
    assert (rejection.field, rejection.reason) == ("key", "is given twice")


def test_a_report_without_the_new_fields_is_encoded_as_ever():
    _, (report,), _ = decode_labels([label()], [EVENT_TIME_MS])
    expected = {"schema_version": 1, "transaction_id": "T1", "is_fraud": True, "reported_at_ms": EVENT_TIME_MS}
    assert json.loads(encode(report)) == expected
