"""Arrow schemas of Kafka's messages and of what is decoded from them.

Transactions have the fields of the declaration in force, the others those of their structs in schemas.py.
"""

from collections.abc import Mapping, Sequence
from operator import attrgetter

import msgspec
import pyarrow as pa
from msgspec import inspect

from fraud_platform.declared import DECLARATION
from fraud_platform.messages.declared.arrow import arrow_schema
from fraud_platform.messages.schemas import Label, Prediction

POSITION = pa.schema(
    [
        ("date", pa.date32()),
        ("kafka_partition", pa.int32()),
        ("kafka_offset", pa.int64()),
        ("kafka_timestamp_ms", pa.int64()),
    ]
)
"""Columns that every table of messages starts with."""
HEADERS = pa.list_(pa.struct([("key", pa.string()), ("value", pa.binary())]))
MESSAGE = pa.schema([*POSITION.remove(0), ("key", pa.binary()), ("value", pa.binary()), ("headers", HEADERS)])
"""A message as Kafka has it."""
DATED_PLACE, PLACE = POSITION.names[:3], POSITION.names[1:3]
"""Where a message stands in its topic, with and without the day."""
PASSED_OVER = "passed_over"
"""Column: why a message is not to be looked at, null where it is."""

_COLUMN_TYPES: dict[type[inspect.Type], pa.DataType] = {
    inspect.StrType: pa.string(),
    inspect.LiteralType: pa.string(),
    inspect.IntType: pa.int64(),
    inspect.FloatType: pa.float64(),
    inspect.BoolType: pa.bool_(),
}


def fields_of(struct: type[msgspec.Struct], **other_types: pa.DataType) -> pa.Schema:
    """A column for each field of a message, in their order; `schema_version` has none.

    other_types: of fields whose column is narrower than an integer of 64 bits.
    """
    found = inspect.type_info(struct)
    assert isinstance(found, inspect.StructType)
    columns = {field.name: other_types.get(field.name) or _column_type(field.type) for field in found.fields}
    return pa.schema([(name, kind) for name, kind in columns.items() if name != "schema_version"])


def _column_type(field: inspect.Type) -> pa.DataType:
    if isinstance(field, inspect.UnionType):  # optional: null stands for an absent value
        (field,) = (kind for kind in field.types if not isinstance(kind, inspect.NoneType))
    if isinstance(field, inspect.ListType):
        return pa.list_(_column_type(field.item_type))
    return _COLUMN_TYPES[type(field)]


def structs_to_table(
    structs: Sequence[msgspec.Struct], schema: pa.Schema, renamed: Mapping[str, str] | None = None
) -> pa.Table:
    """The structs' fields as the columns of a schema that `fields_of` made.

    renamed: column → field, where the two names differ.
    """
    fields = renamed or {}
    rows = map(attrgetter(*(fields.get(name, name) for name in schema.names)), structs)
    columns = zip(*rows, strict=True) if structs else [()] * len(schema)
    return pa.table([pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)], schema.names)


RAW = pa.schema(
    [POSITION.field("date"), ("topic", pa.string()), *MESSAGE, ("as_received", pa.bool_()), (PASSED_OVER, pa.string())]
)
"""`as_received` is false where the bytes are not those of the message: a release before 0.2 kept only what it had
decoded, which was encoded anew; and of a message that was passed over there is only the beginning."""
REJECTED_FIELDS = pa.schema(
    [
        ("topic", pa.string()),
        ("key", pa.binary()),
        ("value", pa.binary()),
        ("field", pa.string()),
        ("reason", pa.string()),
    ]
)
LABEL_COLUMNS = {"customer_id": "key"}
"""Column of LABEL → field of a report: a rejected row's `key` is Kafka's."""
TRANSACTION_FIELDS = arrow_schema(DECLARATION)
LABEL_FIELDS = pa.schema(
    [
        ({field: column for column, field in LABEL_COLUMNS.items()}.get(name, name), kind)
        for name, kind in zip(fields_of(Label).names, fields_of(Label).types, strict=True)
    ]
)
PREDICTION_FIELDS = fields_of(Prediction, model_version=pa.int32(), source_partition=pa.int32())

REJECTED = pa.schema([*POSITION, *REJECTED_FIELDS])
TRANSACTION = pa.schema([*POSITION, *TRANSACTION_FIELDS])
LABEL = pa.schema([*POSITION, *LABEL_FIELDS])
PREDICTION = pa.schema([*POSITION, *PREDICTION_FIELDS])
TRANSACTION_OR_REJECTED = pa.schema([*TRANSACTION, *REJECTED_FIELDS])
LABEL_OR_REJECTED = pa.schema([*LABEL, *REJECTED_FIELDS])
"""`reason` is null in accepted rows; all but POSITION and `topic` of the others is null in rejected ones."""
