"""Mending a letter: fields set and left out, the key that belongs to it, and what nobody can mend."""

import json

import pytest

from fraud_platform.errors import DeadLetterError
from fraud_platform.operations.dead_letter_edit import UNCHANGED, Edit
from fraud_platform_tests.support.dead_letter import GOOD, NOW_MS, letter


def test_fields_are_replaced_and_left_out_and_the_others_stay():
    repaired = Edit({"country": "DE"}, ("channel",)).apply(letter(country="de", channel="pigeon"))
    assert repaired.fault_at(NOW_MS) is None
    assert json.loads(repaired.value) == GOOD | {"country": "DE"}


def test_without_an_edit_the_bytes_stay_as_received():
    spaced = letter()._replace(value=b" " + json.dumps(GOOD).encode())
    assert UNCHANGED.apply(spaced) == spaced


@pytest.mark.parametrize("key", [None, b"", b"another"])
def test_the_key_becomes_the_customer(key):
    assert letter(key).fault_at(NOW_MS).startswith("key: ")
    assert UNCHANGED.apply(letter(key)).fault_at(NOW_MS) is None
    assert Edit({"customer_id": "ü"}).apply(letter(key)).key == "ü".encode()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
@pytest.mark.parametrize("edit", [Edit({"latitude": 1.5}), Edit({}, ["latitude"])], ids=["set", "unset"])
def test_a_number_that_is_none_can_be_mended(number, edit):
    broken = letter()._replace(value=json.dumps(GOOD)[:-1].encode() + f', "latitude": {number}}}'.encode())
    assert broken.fault_at(NOW_MS) is not None
    assert edit.apply(broken).fault_at(NOW_MS) is None


def test_one_that_is_left_as_it_is_is_still_its_fault():
    broken = letter()._replace(value=json.dumps(GOOD | {"amount": float("nan")}).encode())
    assert Edit({"country": "DE"}).apply(broken).fault_at(NOW_MS) == "amount: is not a finite number: NaN"


def test_a_field_that_is_named_twice_must_be_said():
    twice = letter()._replace(value=json.dumps(GOOD)[:-1].encode() + b', "amount": 7}')
    assert twice.fault_at(NOW_MS) == "amount: is given twice"
    with pytest.raises(DeadLetterError, match="names amount twice"):
        Edit({"country": "DE"}).apply(twice)
    assert json.loads(Edit({"amount": 7}).apply(twice).value)["amount"] == 7


def test_numbers_and_text_survive_the_edit():
    kept = {"note": 'Müller \u2028 "', "big": 2**63, "small": 0.1, "deep": {"a": [None, True]}}
    assert json.loads(Edit({"country": "DE"}).apply(letter(**kept)).value) == GOOD | kept | {"country": "DE"}


@pytest.mark.parametrize(
    "value",
    [b"{", b"[1]", b"\xff", b"", None, b"\xef\xbb\xbf{}", b"NaN", b'{"a":' + b"[" * 100_000, b"9" * 5_000],
    ids=["cut", "list", "no text", "empty", "none", "byte order mark", "number", "deep", "long number"],
)
def test_what_is_no_object_cannot_be_mended(value):
    broken = letter()._replace(value=value)
    assert UNCHANGED.apply(broken) == broken
    with pytest.raises(DeadLetterError, match="0-17 is no JSON object"):
        Edit({"country": "DE"}).apply(broken)


def test_half_a_surrogate_pair_is_no_customer():
    repaired = Edit({"customer_id": "\ud800"}).apply(letter())
    assert repaired.fault_at(NOW_MS) is not None


def test_the_ledger_is_told_what_was_changed_in_few_words():
    assert str(Edit({"country": "DE", "amount": 2}, ["channel"])) == 'country="DE", amount=2, without channel'
    assert len(str(Edit({"country": "x" * 10_000}))) < 100
    assert not UNCHANGED and Edit({}, ["channel"])
