"""Each shipped declaration describes the file that its world is known by."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal as Exact

import jsonschema
import pytest

from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.declaration.faults import Faults
from fraud_platform.core.declaration.fields.category import Category
from fraud_platform.core.declaration.fields.coordinates import Latitude, Longitude
from fraud_platform.core.declaration.fields.decimal import Decimal
from fraud_platform.core.declaration.fields.field import Field, split_path
from fraud_platform.core.declaration.fields.id import Id
from fraud_platform.core.declaration.fields.number import Number
from fraud_platform.core.declaration.fields.timestamp import Timestamp
from fraud_platform.core.declaration.json_schema import json_schema
from fraud_platform.core.declaration.kinds.distance_between import DistanceBetween
from fraud_platform.core.declaration.kinds.value import Value
from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.core.declaration.wording import faults_of_words
from fraud_platform.core.declaration.yaml_tree import parsed
from fraud_platform.core.features.feature_set import FeatureSet
from fraud_platform.shipped_declarations import shipped_declaration, shipped_names
from fraud_platform_tests.support.public_files import NUMBERED_BY_REPLAY, ROWS

HASHES = {"simulated": "b3f5976fb60dc68f"}
"""Models of running stacks carry it."""
TIMES = {
    "handbook": datetime(2018, 4, 1, 0, 7, 56, tzinfo=UTC),
    "sparkov": datetime(2019, 1, 1, 0, 0, 18, tzinfo=UTC),
    "paysim": datetime(2017, 1, 1, 1, tzinfo=UTC),
    "ieee_cis": datetime(2017, 12, 2, tzinfo=UTC),
    "tabformer": datetime(2002, 9, 1, 6, 21, tzinfo=UTC),
    "ulb": datetime(2013, 9, 1, 0, 6, 46, tzinfo=UTC),
}
IDENTIFY_A_SPARKOV_CARD = {"city_pop", "lat", "long", "dob", "zip", "job", "city", "state", "gender", "cc_num"}


def shipped(name: str) -> Declaration:
    return read_declaration(shipped_declaration(name), f"{name}.yaml")


def message_of(name: str) -> dict[str, str]:
    """The row as replay sends it: numbered where it has no id, empty cells left out."""
    return {NUMBERED_BY_REPLAY: "1", **{column: text for column, text in ROWS[name].items() if text}}


def test_every_world_but_the_simulated_one_has_a_row():
    assert shipped_names() == sorted({"simulated", *ROWS}) and TIMES.keys() == ROWS.keys()


@pytest.mark.parametrize("name", shipped_names())
def test_it_is_read_under_its_own_name_and_fits_the_schema(name):
    declaration = shipped(name)
    assert declaration.header.name == name
    assert declaration.features and declaration.header.labels is not None
    jsonschema.Draft202012Validator(json_schema()).validate(parsed(shipped_declaration(name), Faults(name)).plain())


@pytest.mark.parametrize("name", shipped_names())
def test_its_words_can_be_said(name):
    features = shipped(name).features
    row = {feature.name: 1.0 for feature in features}
    for feature in features:
        assert feature.meaning and feature.sentence(1.0, row)
        assert isinstance(feature.words, tuple) or not list(faults_of_words(feature.words, list(row)))


@pytest.mark.parametrize("name", HASHES)
def test_its_feature_set_is_that_of_running_champions(name):
    assert FeatureSet(shipped(name)).hash == HASHES[name]


def test_no_two_worlds_share_a_feature_set():
    assert len({FeatureSet(shipped(name)).hash for name in shipped_names()}) == len(shipped_names())


@pytest.mark.parametrize("name", ROWS)
def test_every_field_is_in_a_row_of_the_file(name):
    message = message_of(name)
    for field in shipped(name).world:
        for (column,) in field.sources:
            assert column in ROWS[name] or column == NUMBERED_BY_REPLAY
            assert column in message or field.optional


@pytest.mark.parametrize("name", ROWS)
def test_the_label_is_a_column_and_no_field(name):
    declaration, message = shipped(name), message_of(name)
    labels = declaration.header.labels
    assert labels is not None and labels.is_fraud in message and labels.reported_at not in message
    columns = {column for field in declaration.world for (column,) in field.sources}
    assert labels.is_fraud not in columns
    transaction, key = declaration.world.with_role("transaction"), declaration.world.with_role("key")
    assert transaction is not None and split_path(labels.transaction) == transaction.source
    assert (key.source if key else None) == (split_path(labels.key) if labels.key else None)


@pytest.mark.parametrize("name", ROWS)
def test_the_texts_of_a_row_are_values_of_the_fields(name):
    message = message_of(name)
    for field in shipped(name).world:
        texts = [message[column] for (column,) in field.sources if column in message]
        assert not texts or is_a_value(field, " ".join(texts)), field.name


@pytest.mark.parametrize("name", ROWS)
def test_the_time_of_a_row_is_the_one_that_the_declaration_says(name):
    message = message_of(name)
    field = shipped(name).world.with_role("time")
    assert isinstance(field, Timestamp)
    text = " ".join(message[column] for (column,) in field.sources)
    assert when(field, text) == TIMES[name]


@pytest.mark.parametrize("name", ROWS)
def test_features_of_a_key_are_there_where_there_is_one(name):
    declaration = shipped(name)
    has_key = declaration.world.with_role("key") is not None
    assert has_key == (name != "ulb") == any(feature.name.startswith("count_") for feature in declaration.features)


def test_what_identifies_a_sparkov_card_is_no_input():
    declaration = shipped("sparkov")
    lines = [one.line for one in declaration.declared]
    for line in lines:
        assert not isinstance(line, Value) or declaration.world.field(line.of).path not in IDENTIFY_A_SPARKOV_CARD
    used = {name for line in lines if not isinstance(line, DistanceBetween) for name in named_in(line)}
    columns = {declaration.world.field(name).source[0] for name in used}
    assert columns & IDENTIFY_A_SPARKOV_CARD == {"cc_num"}  # whose windows they are


def named_in(line) -> set[str]:
    names = {getattr(line, option, None) for option in ("of", "per", "at")}
    return {name for name in names if isinstance(name, str)} & set(shipped("sparkov").world.names)


def is_a_value(field: Field, text: str) -> bool:
    """A slow and obvious reading of what the field's type and options say."""
    match field:
        case Decimal():
            number = Exact(text.removeprefix(field.prefix or ""))
            return number == round(number, field.scale) and (field.min is None or number >= field.min)
        case Number():
            return float(text) == float(text)
        case Latitude() | Longitude():
            return abs(float(text)) <= (90 if isinstance(field, Latitude) else 180)
        case Category():
            fits = field.pattern is None or re.fullmatch(field.pattern, text)
            return bool(fits) and len(text) <= field.max_length and (not field.values or text in field.values)
        case Id():
            return len(text) <= field.max_length
        case Timestamp():
            return isinstance(when(field, text), datetime)
    return False


def when(field: Timestamp, text: str) -> datetime:
    if field.unit is not None:
        length = {"h": timedelta(hours=1), "s": timedelta(seconds=1)}[field.unit]
        return datetime.fromtimestamp(field.epoch_ms / 1000, UTC) + int(text) * length
    time = datetime.strptime(text, field.format) if field.format else datetime.fromisoformat(text)
    assert field.zone == "UTC"
    return time.replace(tzinfo=UTC)
