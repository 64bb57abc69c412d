"""Messages of the simulated world: accepted, or why not, one by one, in batches and against a plain reading."""

import pytest
from hypothesis import given

from fraud_platform.core.declaration.fields import timestamp
from fraud_platform.messages.declared.decoder import AT_ONCE
from fraud_platform.messages.schemas import FIRST_TIME_MS, LAST_TIME_MS
from fraud_platform.messages.transactions import DECODER
from fraud_platform_tests.support.bad_messages import BAD_MESSAGES, KEY, valid
from fraud_platform_tests.support.hostile.documents import EVENT_TIME_MS, TRANSACTION
from fraud_platform_tests.support.hostile.topics import ODD_TRANSACTIONS, TRANSACTIONS
from fraud_platform_tests.support.hostile.wording import assert_in_words
from fraud_platform_tests.support.reference_transactions import read_transaction
from fraud_platform_tests.support.simulated_world import FIELD_NAMES
from fraud_platform_tests.unit.messages.test_fuzz import any_bytes, corpus, fuzzed, keys, times_ms

REJECTED = {
    **{f"bad: {name}": kind for name, kind in BAD_MESSAGES.items()},
    **{f"hostile: {name}": kind[:4] for name, kind in TRANSACTIONS.items()},
}
ACCEPTED = {f"odd: {name}": value for name, value in ODD_TRANSACTIONS.items()}
KNOWN = {
    **{name: (key, value) for name, (key, value, _, _) in REJECTED.items()},
    **{name: (KEY, value) for name, value in ACCEPTED.items()},
    **{f"found: {number}": (KEY, value) for number, value in enumerate(corpus())},
}


def decoded(keys, values, times=None, passed_over=None):
    """Accepted indices, rows of the fields, and rejections."""
    found = DECODER.decode(keys, values, times or [EVENT_TIME_MS] * len(keys), passed_over)
    assert tuple(found.columns) == FIELD_NAMES
    return found.accepted, [list(row) for row in zip(*found.columns.values(), strict=True)], found.rejections


def assert_read_plainly(key, value, time_ms):
    expected = read_transaction(key, value, time_ms)
    accepted, rows, rejections = decoded([key], [value], [time_ms])
    fault = DECODER.fault(key, value, time_ms)
    if expected is not None:
        assert (accepted, rejections, fault) == ([0], [], None)
        assert rows == [[expected[name] for name in FIELD_NAMES]]
        return
    assert (accepted, rows) == ([], [])
    assert [(r.index, r.field, r.reason) for r in rejections] == [(0, *fault)]
    assert_in_words(*fault)


@pytest.mark.parametrize("name", REJECTED)
def test_what_is_wrong_with_a_message_is_told_with_its_field(name):
    key, value, field, reason = REJECTED[name]
    fault = DECODER.fault(key, value, EVENT_TIME_MS)
    assert fault.field.startswith(field) and reason in fault.reason


@pytest.mark.parametrize("name", ACCEPTED)
def test_nothing_is_wrong_with_what_only_looks_odd(name):
    assert DECODER.fault(KEY, ACCEPTED[name], EVENT_TIME_MS) is None


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_message_is_read_as_plainly_as_python_reads_it(name):
    assert_read_plainly(*KNOWN[name], EVENT_TIME_MS)


@fuzzed
@given(keys, any_bytes(TRANSACTION), times_ms)
def test_any_bytes_are_read_as_plainly_as_python_reads_them(key, value, time_ms):
    assert_read_plainly(key, value, time_ms)


@pytest.mark.parametrize(
    "amount", [b"12.345", b"0.001", b"1e-320", b"1e-999", b"12.3400000000000001", b"12." + b"5" * 100]
)
@pytest.mark.parametrize("quote", [b"", b'"'])
def test_an_amount_between_two_cents_is_rejected(amount, quote):
    fault = DECODER.fault(KEY, TRANSACTION.literally("amount", quote + amount + quote), EVENT_TIME_MS)
    is_too_long = quote and len(amount) > 64
    assert fault == ("amount", "is text that is no number" if is_too_long else "has more than 2 decimal places")


@pytest.mark.parametrize(
    ("amount", "cents"),
    [("12.34", 1234), ("0", 0), ("-0.0", 0), ("1e2", 10_000), ("12.340000000000000000000000000000", 1234)],
)
def test_an_amount_in_text_is_that_of_the_number(amount, cents):
    as_text, as_number = valid(amount=amount), TRANSACTION.literally("amount", amount.encode())
    _, (of_text, of_number), _ = decoded([KEY] * 2, [as_text, as_number])
    assert of_text == of_number and of_text[FIELD_NAMES.index("amount")] == cents


@pytest.mark.parametrize("amounts", [(b"1", b"-1"), (b"-1", b"1"), (b"true", b"1"), (b"1.001", b"1"), (b"1", b'"1"')])
def test_an_amount_given_twice_is_rejected_whichever_of_the_two_is_bad(amounts):
    first, second = amounts
    value = TRANSACTION.literally("amount", first + b', "amount": ' + second)
    assert DECODER.fault(KEY, value, EVENT_TIME_MS).field == "amount"


@pytest.mark.parametrize("copies", [1, 3])
def test_a_batch_fares_as_its_messages_do_one_by_one(copies):
    messages = [
        *KNOWN.values(),
        *[(KEY, valid(transaction_id=f"T{i}", device_id=None)) for i in range(AT_ONCE)],
    ] * copies
    accepted, rows, rejections = decoded(*zip(*messages, strict=True))
    alone = [decoded([key], [value]) for key, value in messages]
    assert accepted == [i for i, one in enumerate(alone) if one[0]]
    assert rows == [row for one in alone for row in one[1]]
    assert [(r.index, r.field, r.reason) for r in rejections] == [
        (i, r.field, r.reason) for i, one in enumerate(alone) for r in one[2]
    ]


def test_messages_that_are_passed_over_are_rejected_unseen_for_the_reason_given():
    sent = [KEY] * 4, [valid(), valid(), b"x", valid(amount=-1)]
    accepted, rows, rejections = decoded(
        *sent, passed_over=[None, "passed over by ann: \x1b[2J", "passed over by bob", None]
    )
    assert (accepted, rows) == ([0], decoded([KEY], [valid()])[1])
    assert [(r.index, r.field, r.reason) for r in rejections] == [
        (1, "value", r"passed over by ann: \x1b[2J"),
        (2, "value", "passed over by bob"),
        (3, "amount", "expected `float` >= 0.0"),
    ]
    assert decoded(*sent, passed_over=[None] * 4) == decoded(*sent)


@pytest.mark.parametrize(
    "sent",
    [
        ([KEY], [valid()] * 2, [EVENT_TIME_MS] * 2, None),
        ([KEY] * 2, [valid()] * 2, [EVENT_TIME_MS], None),
        ([KEY], [valid()], [EVENT_TIME_MS], [None] * 2),
    ],
)
def test_columns_of_unequal_length_are_an_error(sent):
    with pytest.raises(ValueError, match="length"):
        DECODER.decode(*sent)


def test_the_bounds_of_a_transaction_s_time_are_those_of_a_report():
    assert (timestamp.FIRST_OF_TRANSACTIONS_MS, timestamp.LAST_MS) == (FIRST_TIME_MS, LAST_TIME_MS)
