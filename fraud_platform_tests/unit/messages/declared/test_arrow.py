"""Decoded columns as Arrow, and back."""

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_platform.core.declaration.fields.table import FIELD_TYPES
from fraud_platform.messages.arrow_schemas import TRANSACTION_FIELDS
from fraud_platform.messages.declared.arrow import arrow_schema, arrow_table, decimals, encoded, units
from fraud_platform.messages.transactions import DECODER
from fraud_platform_tests.support.bad_messages import EVENT_TIME_MS, KEY, valid
from fraud_platform_tests.support.one_field import world_of
from fraud_platform_tests.support.simulated_world import DECLARATION

units_of_18_digits = st.none() | st.integers(-(10**18) + 1, 10**18 - 1)


def test_the_columns_of_the_simulated_world_are_those_of_the_lakes_that_it_filled():
    texts = ("transaction_id", "customer_id", "merchant_id", "device_id", "channel", "country")
    numbers = {"event_time_ms": pa.int64(), **dict.fromkeys(("amount", "latitude", "longitude"), pa.float64())}
    kinds = numbers | dict.fromkeys(texts, pa.string())
    assert TRANSACTION_FIELDS.equals(pa.schema([(name, kinds[name]) for name in DECLARATION.world.names]))


@pytest.mark.parametrize(
    ("bounds", "kind"),
    [
        ("", pa.decimal128(18, 2)),
        (", min: 0", pa.decimal128(18, 2)),
        (", min: 0, max: 10000000", pa.float64()),
        (", min: -9999999999999.98, max: 9999999999999.98", pa.float64()),
        (", min: 0, max: 10000000000000", pa.decimal128(18, 2)),
        (", min: -10000000000000, max: 0", pa.decimal128(18, 2)),
    ],
)
def test_a_decimal_is_a_double_where_15_digits_hold_all_that_it_may_be(bounds, kind):
    assert arrow_schema(world_of(f"type: decimal, scale: 2{bounds}")).field("x").type == kind


@pytest.mark.parametrize("bounds", ["", ", min: -9999999999999.98, max: 9999999999999.98"])
@given(st.data())
def test_units_survive_the_lake(bounds, data):
    declaration = world_of(f"type: decimal, scale: 2, optional: true{bounds}")
    most = 10**15 - 2 if bounds else 10**18 - 1
    numbers = data.draw(st.lists(st.none() | st.integers(-most, most) | st.sampled_from([most, -most, most - 1])))
    columns = {"id": ["T"] * len(numbers), "ts": [EVENT_TIME_MS] * len(numbers), "x": numbers}
    column = arrow_table(declaration, columns)["x"]
    assert column.is_null().to_pylist() == [number is None for number in numbers]
    field = declaration.world.field("x")
    assert encoded(field, column).tolist() == field.encoded_column(numbers).tolist()


@pytest.mark.parametrize("name", FIELD_TYPES)
def test_a_field_of_any_type_has_a_column(name):
    declaration = world_of(f"type: {name}" + ", scale: 3" * (name == "decimal"))
    assert arrow_schema(declaration).names == ["id", "ts", "x"]


def test_decoded_messages_become_a_table_in_which_amounts_are_amounts():
    values = [valid(amount=12.34), valid(amount=0, device_id=None, latitude=None)]
    decoded = DECODER.decode([KEY] * 2, values, [EVENT_TIME_MS] * 2)
    table = arrow_table(DECLARATION, decoded.columns)
    table.validate(full=True)
    assert table["amount"].to_pylist() == [12.34, 0.0]
    assert table["device_id"].to_pylist() == ["D1", None]
    assert table["event_time_ms"].to_pylist() == [EVENT_TIME_MS] * 2
    assert arrow_table(DECLARATION, {name: [] for name in decoded.columns}).num_rows == 0


@given(st.lists(units_of_18_digits), st.integers(0, 8), st.integers(0, 3))
def test_units_survive_the_decimals(numbers, scale, first):
    column = decimals(numbers, pa.decimal128(18, scale))
    column.validate(full=True)
    assert column.to_pylist() == [None if n is None else Decimal(n).scaleb(-scale) for n in numbers]
    assert units(column[first:]).to_pylist() == numbers[first:]
    assert units(pa.chunked_array([column, column[first:]])).to_pylist() == numbers + numbers[first:]
