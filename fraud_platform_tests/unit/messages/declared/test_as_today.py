"""With the declaration of simulated.yaml, messages fare as with the structs of schemas.py: accepted, or why not.

Two differences are meant, both of the amount. Text that is a number is one, since exact producers write their
decimals as text. And an amount with more than two decimal places is rejected, where today it is rounded: 12.345 is
no amount of money in a currency of cents, and rounding would hide that the producer means something else.

A third one is only in what is told of a message with two faults. If it gives an amount or a country twice, the first
of them bad, and breaks a rule besides, then it may be told the rule: msgspec sees the last of the values only.
"""

import json
from decimal import Decimal

import pytest
from hypothesis import given

from fraud_platform.core.declaration.fields import timestamp
from fraud_platform.core.features.table import DECLARATION
from fraud_platform.messages.declared.decoder import AT_ONCE, TransactionDecoder
from fraud_platform.messages.decoding import decode_around, decode_transactions
from fraud_platform.messages.schemas import FIRST_TIME_MS, LAST_TIME_MS
from fraud_platform_tests.support.bad_messages import BAD_MESSAGES, KEY, valid
from fraud_platform_tests.support.hostile.documents import EVENT_TIME_MS, TRANSACTION
from fraud_platform_tests.support.hostile.topics import ODD_TRANSACTIONS, TRANSACTIONS
from fraud_platform_tests.support.hostile.wording import assert_in_words
from fraud_platform_tests.unit.messages.test_fuzz import any_bytes, corpus, fuzzed, keys, times_ms

DECODER = TransactionDecoder(DECLARATION)
NAMES = DECLARATION.world.names
KNOWN = {
    **{f"bad: {name}": (key, value) for name, (key, value, _, _) in BAD_MESSAGES.items()},
    **{f"hostile: {name}": (kind.key, kind.value) for name, kind in TRANSACTIONS.items()},
    **{f"odd: {name}": (KEY, value) for name, value in ODD_TRANSACTIONS.items()},
    **{f"found: {number}": (KEY, value) for number, value in enumerate(corpus())},
}


def today(keys, values, times, passed_over=None):
    """Accepted indices, rows of the fields with amounts in cents, and rejections."""
    if passed_over is None:
        accepted, transactions, rejections = decode_transactions(keys, values, times)
    else:
        accepted, transactions, rejections = decode_around(keys, values, times, passed_over)
    rows = [[getattr(t, name) for name in NAMES] for t in transactions]
    for row in rows:
        row[NAMES.index("amount")] = round(row[NAMES.index("amount")] * 100)
    return accepted, rows, rejections


def derived(keys, values, times, passed_over=None):
    decoded = DECODER.decode(keys, values, times, passed_over)
    assert [*decoded.columns] == NAMES
    return decoded.accepted, [list(row) for row in zip(*decoded.columns.values(), strict=True)], decoded.rejections


def amount_of(value):
    """The last amount in a message, as it is written; None where nothing can be told."""
    try:
        document = json.loads((value or b"").decode(), parse_float=Decimal, parse_int=Decimal, parse_constant=str)
        return document.get("amount")
    except (ValueError, AttributeError, RecursionError, ArithmeticError):
        return None


def is_too_fine(amount):
    return (
        isinstance(amount, Decimal) and amount.is_finite() and amount.as_tuple().exponent < -2 and amount % 1 * 100 % 1
    )


def assert_alike(key, value, time_ms):
    amount = amount_of(value)
    found, before = (decode([key], [value], [time_ms]) for decode in (derived, today))
    told = before[2][0] if before[2] else None
    if isinstance(amount, str):
        assert told and (told.field == "amount" or found[2][0].field == told.field)
    elif told and told.field in ("amount", "country") and told.reason == "is given twice":
        assert found[2]
    elif is_too_fine(amount) and found[2] and found[2][0].field == "amount":
        assert not found[0]
    else:
        assert found == before
    for rejection in found[2]:
        assert_in_words(rejection.field, rejection.reason)


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_message_fares_alike(name):
    assert_alike(*KNOWN[name], EVENT_TIME_MS)


@fuzzed
@given(keys, any_bytes(TRANSACTION), times_ms)
def test_any_bytes_fare_alike(key, value, time_ms):
    assert_alike(key, value, time_ms)


@pytest.mark.parametrize(
    "amount", [b"12.345", b"0.001", b"1e-320", b"1e-999", b"12.3400000000000001", b"12." + b"5" * 100]
)
def test_an_amount_between_two_cents_is_rejected_where_today_it_is_rounded(amount):
    value = TRANSACTION.literally("amount", amount)
    assert is_too_fine(amount_of(value))
    assert today([KEY], [value], [EVENT_TIME_MS])[0] == [0]
    (rejection,) = derived([KEY], [value], [EVENT_TIME_MS])[2]
    assert (rejection.field, rejection.reason) == ("amount", "has more than 2 decimal places")


@pytest.mark.parametrize("amount", ["12.34", "0", "-0.0", "1e2", "12.340000000000000000000000000000"])
def test_an_amount_in_text_is_that_of_the_number(amount):
    as_text, as_number = valid(amount=amount), TRANSACTION.literally("amount", amount.encode())
    assert today([KEY], [as_text], [EVENT_TIME_MS])[2]
    assert derived([KEY], [as_text], [EVENT_TIME_MS]) == today([KEY], [as_number], [EVENT_TIME_MS])


@pytest.mark.parametrize("copies", [1, 3])
def test_a_batch_fares_as_its_messages_do_one_by_one(copies):
    messages = [
        *KNOWN.values(),
        *[(KEY, valid(transaction_id=f"T{i}", device_id=None)) for i in range(AT_ONCE)],
    ] * copies
    keys, values = zip(*messages, strict=True)
    accepted, rows, rejections = derived(keys, values, [EVENT_TIME_MS] * len(keys))
    alone = [derived([key], [value], [EVENT_TIME_MS]) for key, value in messages]
    assert accepted == [i for i, one in enumerate(alone) if one[0]]
    assert rows == [row for one in alone for row in one[1]]
    assert [(r.index, r.field, r.reason) for r in rejections] == [
        (i, r.field, r.reason) for i, one in enumerate(alone) for r in one[2]
    ]


def test_messages_that_are_passed_over_are_rejected_unseen_for_the_reason_given():
    sent = [KEY] * 4, [valid(), valid(), b"x", valid(amount=-1)], [EVENT_TIME_MS] * 4
    passed_over = [None, "passed over by ann: \x1b[2J", "passed over by bob", None]
    assert derived(*sent, passed_over) == today(*sent, passed_over)
    assert derived(*sent, [None] * 4) == today(*sent)


def test_columns_of_unequal_length_are_an_error():
    with pytest.raises(ValueError, match="length"):
        DECODER.decode([KEY], [valid(), valid()], [EVENT_TIME_MS] * 2)


def test_the_bounds_of_a_transaction_s_time_are_those_of_today():
    assert (timestamp.FIRST_OF_TRANSACTIONS_MS, timestamp.LAST_MS) == (FIRST_TIME_MS, LAST_TIME_MS)
