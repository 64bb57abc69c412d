"""The schema that editors check with says what the reader says, as far as a schema can."""

import jsonschema
import pytest
import yaml

from fraud_platform.core.declaration.fields.table import FIELD_TYPES
from fraud_platform.core.declaration.json_schema import json_schema
from fraud_platform.core.declaration.kinds.table import FEATURE_KINDS
from fraud_platform_tests.support.declarations import text_of
from fraud_platform_tests.unit.core.declaration.test_kinds import EXAMPLES

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def is_valid(text: str | bytes) -> bool:
    return VALIDATOR.is_valid(yaml.safe_load(text))


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("kind", FEATURE_KINDS)
def test_it_takes_a_line_of_every_kind(kind):
    line = EXAMPLES[kind][0]
    assert is_valid(text_of(line))
    assert not is_valid(text_of(line.replace(f"{kind}:", f"{kind}s:")))
    assert not is_valid(text_of(line.removesuffix("}") + ", colour: red}"))


@pytest.mark.parametrize("name", FIELD_TYPES)
def test_it_takes_a_field_of_every_type(name):
    options = {"decimal": ", scale: 2"}.get(name, "")
    assert is_valid(text_of(x=f"{{type: {name}{options}}}"))
    assert not is_valid(text_of(x=f"{{type: {name}{options}, colour: red}}"))


@pytest.mark.parametrize(
    "line",
    [
        "{per: merchant, over: 1d, features: [{velocities: {}}]}",
        "{per: merchant, over: 1d, features: [{velocity: {}, over: 1h}]}",
        "{count: {}, per: card, over: 1w}",
        "{count: {}, per: card}",
        "{count: {}, sum: amount, per: card, over: 1d}",
    ],
)
def test_it_refuses_what_the_reader_refuses(line):
    assert not is_valid(text_of(line))


def test_names_are_those_of_the_schema_s_own_parts():
    assert {*SCHEMA["properties"]} == {"name", "history", "message", "labels", "file", "fields", "features"}
    assert "name" not in SCHEMA["$defs"]["Id"]["properties"]
