"""A row of each public file, as a JSON message, becomes the columns that its declaration says."""

import json
from datetime import UTC, datetime

import pytest

from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.declaration.fields.coordinates import Coordinate
from fraud_platform.core.declaration.fields.decimal import Decimal
from fraud_platform.core.declaration.fields.field import Field
from fraud_platform.core.declaration.fields.number import Number
from fraud_platform.core.declaration.fields.timestamp import Timestamp
from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.messages.declared.arrow import arrow_table
from fraud_platform.messages.declared.decoder import TransactionDecoder
from fraud_platform.shipped_declarations import shipped_declaration
from fraud_platform_tests.support.public_files import NUMBERED_BY_REPLAY, ROWS


def ms(*parts: int) -> int:
    return round(datetime(*parts, tzinfo=UTC).timestamp() * 1000)


EXPECTED = {
    "handbook": {
        "transaction_id": "17",
        "customer_id": "2",
        "terminal_id": "1365",
        "event_time": ms(2018, 4, 1, 0, 7, 56),
        "amount": 14_600,
    },
    "sparkov": {
        "transaction_id": "0b242abb623afc578575680df30655b9",
        "card_id": "2703186189652095",
        "event_time": ms(2019, 1, 1, 0, 0, 18),
        "amount": 497,
        "merchant_id": "fraud_Rippin, Kub and Mann",
        "category": "misc_net",
        "home_latitude": 36.0788,
        "home_longitude": -81.1781,
        "merchant_latitude": 36.011293,
        "merchant_longitude": -82.048315,
    },
    "paysim": {
        "transaction_id": "1",
        "receiver_id": "C553264065",
        "sender_id": "C1305486145",
        "event_time": ms(2017, 1, 1, 1),
        "amount": 18_100,
        "payment": "TRANSFER",
    },
    "ieee_cis": {
        "transaction_id": "2987000",
        "card_id": "13926",
        "event_time": ms(2017, 12, 2),
        "amount": 68_525,
        "product": "W",
        "card2": None,
        "card3": "150.0",
        "card4": "american express",
        "card5": "142.0",
        "card6": "credit",
        "billing_region": "315.0",
        "billing_country": "87.0",
        "distance_1": 19.0,
        "distance_2": None,
        "purchaser_domain": "gmail.com",
        "recipient_domain": None,
        **{f"c{i}": 1.0 for i in range(1, 15)},
        **{f"d{i}": None if i == 8 else 14.0 for i in range(1, 16)},
        **{f"m{i}": "M2" if i == 4 else "T" for i in range(1, 10)},
    },
    "tabformer": {
        "transaction_id": "1",
        "user_id": "0",
        "card": "0",
        "event_time": ms(2002, 9, 1, 6, 21),
        "amount": -13_409,
        "entry": "Swipe Transaction",
        "merchant_id": "-3527213246127876953",
        "city": "La Verne",
        "state": "CA",
        "mcc": "5300",
        "error": None,
    },
    "ulb": {
        "transaction_id": "1",
        "event_time": ms(2013, 9, 1, 0, 6, 46),
        **{f"v{i}": -1.3598071336738 for i in range(1, 29)},
        "amount": 14_962,
    },
}


def shipped(name: str) -> Declaration:
    return read_declaration(shipped_declaration(name), f"{name}.yaml")


def is_sent_as_number(field: Field) -> bool:
    """What a producer of JSON writes as a number. Ids and categories are text, even if they have digits only."""
    if isinstance(field, Timestamp):
        return field.unit is not None
    if isinstance(field, Decimal):
        return field.prefix is None
    return isinstance(field, Number | Coordinate)


def message_of(name: str, **changed: object) -> dict[str, object]:
    """The row with its numbers as such. Empty cells are null, and what is no field stays text."""
    message: dict[str, object] = {NUMBERED_BY_REPLAY: "1"}
    message |= {column: text or None for column, text in ROWS[name].items()}
    for field in shipped(name).world:
        for (column,) in field.sources:
            text = message[column]
            if isinstance(text, str) and is_sent_as_number(field):
                message[column] = json.loads(text)
    return message | changed


def decoded(name: str, message: dict[str, object]):
    declaration = shipped(name)
    key, time = declaration.world.with_role("key"), EXPECTED[name]["event_time"]
    keys = [str(EXPECTED[name][key.name]).encode() if key else None]
    return TransactionDecoder(declaration).decode(keys, [json.dumps(message).encode()], [time])


def test_every_world_with_a_public_file_is_looked_at():
    assert EXPECTED.keys() == ROWS.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_row_becomes_its_columns(name):
    outcome = decoded(name, message_of(name))
    assert (outcome.accepted, outcome.rejections) == ([0], [])
    assert {column: values[0] for column, values in outcome.columns.items()} == EXPECTED[name]
    arrow_table(shipped(name), outcome.columns).validate(full=True)


@pytest.mark.parametrize(
    ("name", "column", "number", "field"),
    [
        ("handbook", "CUSTOMER_ID", 2, "customer_id"),
        ("sparkov", "cc_num", 2703186189652095, "card_id"),
        ("ieee_cis", "card3", 150.0, "card3"),
        ("tabformer", "Merchant Name", -3527213246127876953, "merchant_id"),
        ("tabformer", "MCC", 5300, "mcc"),
        ("tabformer", "Year", 2002, "event_time"),
    ],
)
def test_a_number_is_neither_id_nor_category_nor_part_of_a_time(name, column, number, field):
    (rejection,) = decoded(name, message_of(name, **{column: number})).rejections
    assert rejection.field == field and rejection.reason.startswith("expected `str")
    assert rejection.reason.endswith(f"({column})") or column == field
