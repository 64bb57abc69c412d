"""Numbers as people write them: the number itself, or none, and never another."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_platform.core.declaration.number_notation import plain_number


@pytest.mark.parametrize(
    ("text", "notation", "number"),
    [
        ("12.50", {}, "12.50"),
        (" 12.50 ", {}, "12.50"),
        (".5", {}, "0.5"),
        ("007.50", {}, "7.50"),
        ("-3", {}, "-3"),
        ("1e3", {}, "1e3"),
        ("12,50", {"decimal": ","}, "12.50"),
        ("1.234,50", {"decimal": ",", "thousands": "."}, "1234.50"),
        ("1 234,50", {"decimal": ",", "thousands": " "}, "1234.50"),
        ("1\u202f234,50", {"decimal": ",", "thousands": " "}, "1234.50"),
        ("1'234.50", {"thousands": "'"}, "1234.50"),
        ("12,34,567.50", {"thousands": ","}, "1234567.50"),
        ("$1,234.50", {"thousands": ",", "sign": "$"}, "1234.50"),
        ("-$1,234.50", {"thousands": ",", "sign": "$"}, "-1234.50"),
        ("$-1,234.50", {"thousands": ",", "sign": "$"}, "-1234.50"),
        ("12,50 €", {"decimal": ",", "sign": "€"}, "12.50"),
        ("12.50", {"sign": "$"}, "12.50"),
    ],
)
def test_a_number_in_the_notation_is_read(text, notation, number):
    assert plain_number(text, **notation) == number


@pytest.mark.parametrize(
    ("text", "notation"),
    [
        ("12,50", {}),
        ("1,234.50", {}),
        ("$12", {}),
        ("12.50", {"decimal": ","}),
        ("12,50", {"thousands": ","}),
        ("1,2345", {"thousands": ","}),
        ("1.234.50", {"decimal": ",", "thousands": "."}),
        ("1234.5,0", {"thousands": ","}),
        ("(12.50)", {}),
        ("12.50-", {}),
        ("--12", {}),
        ("1_000", {}),
        ("nan", {}),
        ("٣", {}),
        (".", {}),
        ("", {}),
        ("€ 12", {"sign": "$"}),
    ],
)
def test_what_is_none_in_the_notation_is_not_guessed(text, notation):
    assert plain_number(text, **notation) is None


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12))
def test_every_notation_gives_the_same_number_back(number):
    written = f"{number:,}"
    continental = written.translate(str.maketrans(",.", ".,"))
    assert Decimal(plain_number(written, thousands=",") or "") == number
    assert Decimal(plain_number(continental + " €", ",", ".", "€") or "") == number


@given(st.text(alphabet="0123456789.,-+ e$'", max_size=12), st.sampled_from([None, ".", ",", " ", "'"]))
def test_whatever_comes_out_is_a_number(text, thousands):
    number = plain_number(text, "," if thousands == "." else ".", thousands, "$")
    assert number is None or Decimal(number).is_finite()
