"""Names that the lake's tables have already."""

import pytest

from fraud_platform.core.declaration import reserved
from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.core.features.matured_lookup import ENTITY, VALUE
from fraud_platform.errors import ConfigurationError
from fraud_platform.messages.arrow_schemas import POSITION, REJECTED_FIELDS
from fraud_platform.pipeline import tables
from fraud_platform_tests.support.declarations import FILE, FIRST_FEATURE_LINE, declared, text_of
from fraud_platform_tests.support.simulated_world import FEATURE_NAMES

OF_FEATURES = (
    tables.FEATURES,
    tables.MERCHANT_RISK,
    tables.VELOCITY,
    tables.TRAINING_SET,
    tables.RESAMPLED_TRAINING_SET,
)


def fault(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_declaration(text, FILE)
    (line,) = str(caught.value).splitlines()
    return line


def test_they_are_those_of_the_tables():
    assert {*POSITION.names, *REJECTED_FIELDS.names} == reserved.FIELDS
    columns = {name for table in OF_FEATURES for name in table.schema.names} - set(FEATURE_NAMES)
    assert columns | {ENTITY, VALUE, "amount_at_stake"} <= reserved.FEATURES


@pytest.mark.parametrize("name", sorted(reserved.FIELDS))
def test_no_field_has_such_a_name(name):
    place, text = fault(text_of(**{name: "{type: number}"})).split(": ", 1)
    assert place.startswith(f"{FILE}:{FIRST_FEATURE_LINE - 1}:")
    assert text.startswith(f"field {name}: a column of the lake's tables has this name: give the field another")


@pytest.mark.parametrize("name", sorted(reserved.FEATURES))
def test_no_feature_has_such_a_name(name):
    text = fault(text_of(f"{{name: {name}, value: balance}}")).split(": ", 1)[1]
    assert text == f"no feature can be called {name}: a column of the lake's tables has this name: give it a name"


def test_amount_is_the_name_of_the_money_alone():
    assert "the tables call so what is at stake, which is amount" in fault(text_of("{name: amount, value: balance}"))
    assert [feature.name for feature in declared("{value: amount}").features] == ["amount"]
