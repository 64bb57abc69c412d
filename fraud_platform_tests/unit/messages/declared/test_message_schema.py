"""The schema that producers get takes what the decoder takes, and refuses what a schema can refuse."""

import contextlib
import json

import jsonschema
import pytest

from fraud_platform.core.declaration.fields.table import FIELD_TYPES
from fraud_platform.messages.declared.message_schema import message_json_schema
from fraud_platform_tests.support.bad_messages import BAD_MESSAGES, valid
from fraud_platform_tests.support.hostile.topics import ODD_TRANSACTIONS
from fraud_platform_tests.support.one_field import value_of, world_of
from fraud_platform_tests.support.simulated_world import DECLARATION
from fraud_platform_tests.unit.messages.declared import test_decoder as transfers

BEYOND_A_SCHEMA = {
    *("no key", "another key", "far future", "far past"),  # what Kafka says of it
    *("an escaped control character", "a line break in an id", "text that runs backwards"),
    *("half a surrogate pair", "a byte order mark", "UTF-16", "fractional version", "country with a line break"),
    *("a field twice", "a field twice, once escaped", "nested beyond the parser"),
    *("amount between two cents", "amount between two cents as text", "amount below a cent"),
    *("amount of a hundred digits", "negative amount as text", "half a surrogate pair as name"),
}
"""Python's reader takes the bytes, and a $ matches before a line break. Schemas count no decimal places."""


def no_constant(text):
    raise ValueError(text)


def bad_documents():
    """Name → what a strict reader makes of the bad messages; those that it refuses are left out."""
    documents = {}
    for name in BAD_MESSAGES.keys() - BEYOND_A_SCHEMA:
        with contextlib.suppress(ValueError, RecursionError):
            documents[name] = json.loads(BAD_MESSAGES[name][1] or b"", parse_constant=no_constant)
    return documents


def is_valid(schema, document):
    return jsonschema.Draft202012Validator(schema).is_valid(document)


@pytest.mark.parametrize("declaration", [DECLARATION, transfers.DECLARATION], ids=["simulated", "transfers"])
def test_it_is_a_schema(declaration):
    schema = message_json_schema(declaration)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema


def test_good_messages_are_valid():
    schema = message_json_schema(DECLARATION)
    assert is_valid(schema, json.loads(valid()))
    assert is_valid(message_json_schema(transfers.DECLARATION), transfers.MESSAGE)
    short = [json.loads(value) for value in ODD_TRANSACTIONS.values() if len(value) < 4_000]
    assert short and all(is_valid(schema, document) for document in short)


@pytest.mark.parametrize("name", sorted(bad_documents()))
def test_bad_messages_that_are_json_are_not_valid(name):
    assert not is_valid(message_json_schema(DECLARATION), bad_documents()[name])


def test_an_object_is_required_if_anything_in_it_is():
    schema = message_json_schema(transfers.DECLARATION)
    assert {"meta", "payer", "payee", "booked", "amount"} <= {*schema["required"]}
    assert "session" not in schema["required"]
    assert is_valid(schema, transfers.changed(session=None)) and not is_valid(schema, transfers.changed(payer=None))


@pytest.mark.parametrize("value", [0, 1, -1.5, "1", "a", "", True, None, [], {}, "192.0.2.1", "2026-01-01T00:00:00Z"])
@pytest.mark.parametrize("name", FIELD_TYPES)
def test_what_a_field_takes_is_valid(name, value):
    options = f"type: {name}" + ", scale: 2" * (name == "decimal")
    outcome = value_of(options, value)
    schema = message_json_schema(world_of(options))["properties"]["x"]
    if not isinstance(outcome, tuple):
        assert is_valid(schema, value)
    elif name not in ("ip", "timestamp"):  # whose formats a validator need not check
        assert not is_valid(schema, value)


@pytest.mark.parametrize(
    ("options", "good", "bad"),
    [
        ("type: decimal, scale: 2, prefix: $", ["$-1.50", 1.5, -2], ["1.50", "$ 1", "-$1", "$"]),
        ("type: decimal, scale: 2, prefix: '[a.]-/ '", ["[a.]-/ 7"], ["aa]-/ 7", "7"]),
        ("type: timestamp, unit: h, epoch: 2017-01-01T00:00:00Z", [0, 743, -412_008], ["1", 1.5, -412_009, 727_585]),
        ("type: timestamp, unit: s, epoch: 1960-01-01T00:00:00Z", [315_619_200], [315_619_199]),
    ],
)
def test_prefix_unit_and_epoch_bound_the_values(options, good, bad):
    schema = message_json_schema(world_of(options))["properties"]["x"]
    jsonschema.Draft202012Validator.check_schema(schema)
    for value in (*good, *bad):
        assert is_valid(schema, value) == (not isinstance(value_of(options, value), tuple)) == (value in good)


def test_a_time_of_several_members_requires_each_and_says_how_they_are_read():
    options = "type: timestamp, members: [Year, at.Time], format: '%Y %H', zone: UTC"
    schema = message_json_schema(world_of(options))
    year = schema["properties"]["Year"]
    assert year == schema["properties"]["at"]["properties"]["Time"]
    assert year["description"] == (
        "format %Y %H of Year, at.Time with a space between each two, local time of UTC where it has no offset"
    )
    assert {"Year", "at"} <= {*schema["required"]} and schema["properties"]["at"]["required"] == ["Time"]
    assert not {"Year", "at"} & {*message_json_schema(world_of(options + ", optional: true"))["required"]}


def test_names_with_any_characters_are_those_of_the_message():
    schema = message_json_schema(world_of(r"""type: number, path: 'a "b"\\\.c d.Is it?'"""))
    assert schema["properties"][r'a "b"\.c d']["properties"].keys() == {"Is it?"}
