"""Decimals are what the message says, to the last digit, or they are refused."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_platform.core.declaration.fields.decimal import Decimal as DecimalField
from fraud_platform_tests.support.one_field import outcome_of

CENTS = "type: decimal, scale: 2"


def units_of(field: DecimalField, value: Decimal) -> int | None:
    """Slowly, with the integers of Python; None where it does not fit."""
    sign, digits, exponent = value.as_tuple()
    whole = int("".join(map(str, digits)))
    shift = exponent + field.scale
    if shift < 0 and whole % 10**-shift:
        return None
    units = whole * 10**shift if shift >= 0 else whole // 10**-shift
    if units >= 10**18:
        return None
    units = -units if sign else units
    is_within = all(
        bound is None or (units - Decimal(repr(bound)) * 10**field.scale) * side >= 0
        for bound, side in ((field.min, 1), (field.max, -1))
    )
    return units if is_within else None


def is_no_sum(text: str) -> bool:
    """Whether no arithmetic of doubles has made the number from another of up to 8 decimal places."""
    value = float(text)
    rounded = [round(value, scale) for scale in range(9)]
    return all(one == value or not math.isclose(one, value, rel_tol=1e-12) for one in rounded)


bounds = st.none() | st.integers(-1000, 1000).map(lambda n: n / 8)
written = st.one_of(
    st.decimals(-2000, 2000, places=2).map(str),
    st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False).map(str),
    st.from_regex(r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,24})?([eE][+-]?[0-9]{1,2})?", fullmatch=True),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(10**19), 10**19).map(str),
).filter(is_no_sum)


@given(st.lists(written, min_size=1, max_size=4), st.integers(0, 8), bounds, bounds)
def test_the_units_are_exact_or_the_message_is_rejected(texts, scale, least, most):
    field = DecimalField(name="x", scale=scale, min=least, max=most)
    if any(field.faults()):
        return
    expected = [units_of(field, Decimal(text)) for text in texts]
    decoded = [int(text) if text.lstrip("-").isdecimal() else text.encode() for text in texts]
    if None in expected:
        with pytest.raises(ValueError):
            field.column(decoded)
    else:
        assert field.column(decoded) == expected
    for value, text, units in zip(decoded, texts, expected, strict=True):
        for one in (value, text):  # alone, and as text
            if units is None:
                with pytest.raises(ValueError):
                    field.column([one])
            else:
                assert field.column([one]) == [units]


@pytest.mark.parametrize(
    ("number", "units"),
    [(b"12.34", 1234), (b"12", 1200), (b"1e2", 10000), (b"1E-2", 1), (b"-0.01", -1), (b"0.10", 10), (b"-0.0", 0)],
)
@pytest.mark.parametrize("quote", [b"", b'"'])
def test_a_number_may_be_written_in_any_way_of_json_and_as_text(number, units, quote):
    assert outcome_of(CENTS, quote + number + quote) == [units]


def test_what_doubles_make_of_a_sum_of_cents_is_that_sum():
    sums = [0.1 + 0.2, 1.1 + 2.2, -(0.1 + 0.7), 1.1 * 3, sum([0.01] * 1_000)]
    assert all(len(repr(one)) > 15 for one in sums)
    assert [outcome_of(CENTS, repr(one).encode()) for one in sums] == [[30], [330], [-80], [330], [1000]]
    computed = np.arange(100_000) / 100 + 1
    cents = DecimalField(name="x", scale=2).column([repr(float(one)).encode() for one in computed])
    assert cents == list(range(100, 100_100))


@pytest.mark.parametrize("number", [b"10000000000000.001", b"0.3000000000004004", b"12.3450000000000001"])
def test_what_lies_further_off_than_arithmetic_carries_is_refused(number):
    assert outcome_of(CENTS, number) == ("x", "has more than 2 decimal places")


def test_eighteen_digits_are_kept_which_no_double_does():
    assert outcome_of("type: decimal, scale: 8", b"9999999999.12345678") == [999_999_999_912_345_678]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (b"12.345", "has more than 2 decimal places"),
        (b"12.340000000000000000000000000000000000000000000000000000001", "has more than 2 decimal places"),
        (b"1e-400", "has more than 2 decimal places"),
        (b"1e17", "does not fit 18 digits with 2 decimal places"),
        (b"1e300", "does not fit 18 digits with 2 decimal places"),
        (b"1e999999", "is not a finite number: inf"),
        (b"1e99999999999999999999", "is not a finite number: inf"),
        (b"NaN", "is not a finite number: NaN"),
        (b"-Infinity", "is not a finite number: -Infinity"),
        (b'"1e999999"', "number out of range"),
        (b'"12,34"', "is text that is no number"),
        (b'"NaN"', "is text that is no number"),
        (b'"1_000"', "is text that is no number"),
        (b'" 1"', "is text that is no number"),
        (b'"+1"', "is text that is no number"),
        (b'"01"', "is text that is no number"),
        ('"\u0661"'.encode(), "is text that is no number"),
        (b'""', "is text that is no number"),
        (b'"' + b"1" * 100_000 + b'"', "is text that is no number"),
        (b"true", "expected `float`, got `bool`"),
        (b"null", "expected `float`, got `null`"),
        (b"[1.5]", "expected `float`, got `array`"),
        (b"{}", "expected `float`, got `object`"),
    ],
)
def test_what_is_no_such_number_is_rejected(written, reason):
    assert outcome_of(CENTS, written) == ("x", reason)


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    "written", [b"1e99999999", b'"1e99999999"', b"9" * 4_000, b"9" * 100_000, b"0." + b"0" * 100_000]
)
def test_no_number_costs_much(written):
    assert outcome_of(CENTS, *[written] * 50)[0] in ("x", 0)


def test_negative_amounts_are_taken_unless_a_minimum_says_otherwise():
    assert outcome_of(CENTS, b"-3") == [-300]
    assert outcome_of(CENTS + ", min: 0", b"-3") == ("x", "expected `float` >= 0.0")


def test_an_optional_decimal_has_its_default_exactly():
    options = CENTS + ", optional: true"
    assert outcome_of(options, b"null", b"0.1") == [None, 10]
    assert outcome_of(options + ", default: 0.1", b"null", b"12") == [10, 1200]


@pytest.mark.parametrize(
    ("written", "units"), [(b'"$-134.09"', -13_409), (b'"$0"', 0), (b'"$1e2"', 10_000), (b"1.5", 150), (b"-2", -200)]
)
def test_text_begins_with_the_prefix_and_a_number_needs_none(written, units):
    assert outcome_of(CENTS + ", prefix: $", written, written) == [units] * 2


@pytest.mark.parametrize(
    "written",
    [b'"134.09"', b'"-$134.09"', b'"$"', b'"$$1"', b'"$ 1"', b'" $1"', b'"1$"', b'"$' + b"1" * 100_000 + b'"'],
)
def test_other_text_is_no_number(written):
    assert outcome_of(CENTS + ", prefix: $", written) == ("x", "is text that is no number after $")


def test_the_bounds_hold_with_a_prefix():
    assert outcome_of(CENTS + ", prefix: 'EUR ', min: 0", b'"EUR -1"') == ("x", "expected `float` >= 0.0")
    assert outcome_of(CENTS + ", prefix: 'EUR '", b'"EUR 1.001"') == ("x", "has more than 2 decimal places")
