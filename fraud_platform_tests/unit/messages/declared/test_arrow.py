"""Decoded columns as Arrow, and back."""

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_platform.core.declaration.fields.table import FIELD_TYPES
from fraud_platform.core.features.table import DECLARATION
from fraud_platform.messages.arrow_schemas import TRANSACTION_FIELDS
from fraud_platform.messages.declared.arrow import arrow_schema, arrow_table, decimals, units
from fraud_platform.messages.declared.decoder import TransactionDecoder
from fraud_platform_tests.support.bad_messages import EVENT_TIME_MS, KEY, valid
from fraud_platform_tests.support.one_field import world_of

units_of_18_digits = st.none() | st.integers(-(10**18) + 1, 10**18 - 1)


def test_the_simulated_world_has_the_columns_of_today_but_for_the_exact_amount():
    expected = TRANSACTION_FIELDS.set(
        TRANSACTION_FIELDS.get_field_index("amount"), pa.field("amount", pa.decimal128(18, 2))
    )
    assert arrow_schema(DECLARATION).equals(pa.schema([expected.field(name) for name in DECLARATION.world.names]))


@pytest.mark.parametrize("name", FIELD_TYPES)
def test_a_field_of_any_type_has_a_column(name):
    declaration = world_of(f"type: {name}" + ", scale: 3" * (name == "decimal"))
    assert arrow_schema(declaration).names == ["id", "ts", "x"]


def test_decoded_messages_become_a_table_in_which_amounts_are_amounts():
    values = [valid(amount=12.34), valid(amount=0, device_id=None, latitude=None)]
    decoded = TransactionDecoder(DECLARATION).decode([KEY] * 2, values, [EVENT_TIME_MS] * 2)
    table = arrow_table(DECLARATION, decoded.columns)
    table.validate(full=True)
    assert table["amount"].to_pylist() == [Decimal("12.34"), Decimal("0.00")]
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
