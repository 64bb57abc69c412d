"""What each of the other types of field takes, and what it says of the rest."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_platform.core.declaration.fields.ip import Ip, canonical
from fraud_platform.core.declaration.fields.table import FIELD_TYPES
from fraud_platform_tests.support.one_field import outcome_of, value_of


@pytest.mark.parametrize(
    ("options", "value", "expected"),
    [
        ("type: id", "0077", "0077"),
        ("type: id, max_length: 3", "\U0001f3e6" * 3, "\U0001f3e6" * 3),
        ("type: category", "a b", "a b"),
        ("type: category, values: [a, b]", "b", "b"),
        ("type: category, pattern: '[0-9]{4}'", "5411", "5411"),
        ("type: number", -1.5, -1.5),
        ("type: number, min: 0, max: 1", 1, 1.0),
        ("type: boolean", True, True),
        ("type: boolean", False, False),
        ("type: latitude", -90, -90.0),
        ("type: longitude", 180, 180.0),
        ("type: ip", "192.0.2.1", "192.0.2.1"),
        ("type: ip", "2001:DB8:0:0::1", "2001:db8::1"),
        ("type: ip", "::ffff:192.0.2.1", "192.0.2.1"),
    ],
)
def test_a_value_of_the_field_is_taken(options, value, expected):
    taken = value_of(options, value)
    assert (taken, type(taken)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("options", "value", "reason"),
    [
        ("type: id", 77, "expected `str`, got `int`"),
        ("type: id", "", "expected `str` of length >= 1"),
        ("type: id", "a\n", "has control characters"),
        ("type: id, max_length: 3", "abcd", "expected `str` of length <= 3"),
        ("type: category", 5411, "expected `str`, got `int`"),
        ("type: category", "\u202ea", "has control characters"),
        ("type: category, values: [a, b]", "A", "invalid enum value 'A'"),
        ("type: category, values: [a, b], personal: true", "4111", "invalid enum value"),
        ("type: category, pattern: '[0-9]{4}'", "5411\n", "expected `str` matching regex '\\\\A[0-9]{4}\\\\Z'"),
        ("type: category, pattern: '[0-9]{0,99}'", "", "expected `str` of length 1 to 64"),
        ("type: category, pattern: '[0-9]{0,99}'", "1" * 65, "expected `str` of length 1 to 64"),
        ("type: number", "1.5", "expected `float`, got `str`"),
        ("type: number", True, "expected `float`, got `bool`"),
        ("type: number", float("nan"), "is not a finite number: NaN"),
        ("type: number, max: 1", 1.5, "expected `float` <= 1.0"),
        ("type: boolean", 1, "expected `bool`, got `int`"),
        ("type: boolean", "true", "expected `bool`, got `str`"),
        ("type: boolean", None, "expected `bool`, got `null`"),
        ("type: latitude", 90.1, "expected `float` <= 90.0"),
        ("type: longitude", "2", "expected `float`, got `str`"),
        ("type: ip", "192.0.2.256", "is no IPv4 or IPv6 address"),
        ("type: ip", "192.0.2.01", "is no IPv4 or IPv6 address"),
        ("type: ip", "192.0.2.1/24", "is no IPv4 or IPv6 address"),
        ("type: ip", "fe80::1%eth0", "is an address with a scope (%)"),
        ("type: ip", "::" * 30, "expected `str` of length <= 45"),
        ("type: ip", 3221225985, "expected `str`, got `int`"),
    ],
)
def test_what_is_none_is_rejected_in_words(options, value, reason):
    assert value_of(options, value) == ("x", reason)


@pytest.mark.parametrize("name", FIELD_TYPES)
def test_a_field_of_any_type_may_be_absent_if_it_is_declared_so(name):
    options = f"type: {name}" + ", scale: 2" * (name == "decimal")
    assert outcome_of(options + ", optional: true", b'null, "y": 1', b"null") == [None, None]
    assert outcome_of(options, b"null")[0] == "x"


@pytest.mark.parametrize(
    ("options", "default"),
    [
        ("type: id", "none"),
        ("type: category, values: [a, b]", "b"),
        ("type: category, pattern: '[A-Z]{2}'", "FR"),
        ("type: number", 0.5),
        ("type: boolean", False),
    ],
)
def test_a_default_stands_for_null_and_for_nothing(options, default):
    column = outcome_of(f"{options}, optional: true, default: {str(default).removesuffix('False') or 'false'}", b"null")
    assert column == [default]


@pytest.mark.parametrize("value", ["1", "1.5", '"a"', "true", "[]", "{}", '"2026-01-01T00:00:00Z"'])
@pytest.mark.parametrize("name", FIELD_TYPES)
def test_a_column_has_values_of_one_type_whatever_is_sent(name, value):
    options = f"type: {name}" + ", scale: 2" * (name == "decimal")
    outcome = outcome_of(options, value.encode())
    if isinstance(outcome, list):
        kinds = {
            "decimal": int,
            "number": float,
            "boolean": bool,
            "timestamp": int,
            "latitude": float,
            "longitude": float,
        }
        assert type(outcome[0]) is kinds.get(name, str)


@given(st.ip_addresses())
def test_an_address_has_one_form_however_it_is_written(address):
    forms = {str(address), address.exploded, address.exploded.upper()}
    if address.version == 4:
        forms.add(f"::ffff:{address}")
        forms.add(str(ipaddress.IPv6Address(f"::ffff:{address}")))
    (form,) = {canonical(text) for text in forms}
    assert canonical(form) == form
    assert Ip(name="x").column(sorted(forms)) == [form] * len(forms)


@given(st.text(max_size=45) | st.text("0123456789abcdef.:%/", max_size=45))
def test_any_text_is_an_address_for_us_if_it_is_one_for_python(text):
    try:
        is_address = "%" not in str(ipaddress.ip_address(text))
    except ValueError:
        is_address = False
    try:
        assert canonical(text) and is_address
    except ValueError:
        assert not is_address
