"""Column mappings: which column of somebody's file becomes which field of a transaction."""

from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import yaml

from fraud_platform.core.time import DAY_MS
from fraud_platform.errors import ConfigurationError
from fraud_platform.feeding.messages import OPTIONAL_FIELDS
from fraud_platform.messages.declared.decoder import TransactionDecoder
from fraud_platform.messages.transactions import DECODER

REQUIRED_FIELDS = ("transaction_id", "customer_id", "merchant_id", "event_time_ms", "amount", "is_fraud")
_NUMBERS = ("amount", "latitude", "longitude")
_FLAGS = {"0": False, "0.0": False, "false": False, "1": True, "1.0": True, "true": True}
_NO_NUMBER = "is no number"
_REASONS = {
    "event_time_ms": "is neither an ISO 8601 time nor whole milliseconds: give its `format` in the mapping",
    "is_fraud": "is neither 0 nor 1, nor true or false",
}


class FieldSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a field comes from: a column or a constant, as text with a prefix where one is given."""

    column: str | None = None
    constant: str | float | None = None
    prefix: str = ""
    format: str | None = None
    """Of times that are no ISO 8601, as in strptime: "%d/%m/%Y %H:%M"."""

    def __post_init__(self) -> None:
        if (self.column is None) == (self.constant is None):
            raise ValueError("needs either a column or a constant")


class RowFault(NamedTuple):
    """Why a row is no transaction. Rows are counted from 1, the first below the header of a CSV file."""

    row: int
    column: str
    value: str
    field: str
    reason: str


class MappedRows(NamedTuple):
    """The rows as a feed takes them, by their number, and what is wrong with the others."""

    frame: pd.DataFrame
    """Fields of a transaction, and reported_at_ms (-1 where not fraud)."""
    faults: list[RowFault]


class ColumnMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Field of schemas.Transaction, or is_fraud, → its source; and the delay of the chargebacks."""

    fields: dict[str, FieldSource]
    label_delay_days: float = 7.0

    def __post_init__(self) -> None:
        if missing := [name for name in REQUIRED_FIELDS if name not in self.fields]:
            raise ValueError(f"required fields are not mapped: {', '.join(missing)}")
        if unknown := sorted(set(self.fields) - {*REQUIRED_FIELDS, *OPTIONAL_FIELDS}):
            raise ValueError(f"unknown fields: {', '.join(unknown)}")

    @property
    def columns(self) -> list[str]:
        """The columns that a file must have."""
        return sorted({source.column for source in self.fields.values() if source.column is not None})

    @property
    def time_columns(self) -> list[str]:
        """The one with the time of the event."""
        return [self.fields["event_time_ms"].column or ""]

    @property
    def decoder(self) -> TransactionDecoder:
        """Of the messages."""
        return DECODER

    @property
    def first_look_columns(self) -> list[str]:
        """The same: nothing else is looked at as a whole."""
        return self.time_columns

    @property
    def time_way_out(self) -> str:
        return ": give its format in the mapping"

    def frame_of(self, batch: pa.RecordBatch, numbers: np.ndarray) -> pd.DataFrame:
        """The rows, with integers that have gaps as they are."""
        return batch.to_pandas(integer_object_nulls=True).set_index(pd.Index(numbers))

    def look_at(self, batch: pa.RecordBatch) -> None:
        """Nothing is to be known of a file as a whole."""

    def end_look(self) -> None:
        """Nothing was."""

    def column_of(self, field: str) -> str:
        """The column, or the constant, that a field comes from."""
        source = self.fields.get(field)
        return str(source.column or source.constant) if source else ""

    def times_ms(self, rows: pd.DataFrame) -> pd.Series:
        """Milliseconds since 1970 UTC, Int64; null where there is no time."""
        source = self.fields["event_time_ms"]
        return times_ms(rows[source.column], source.format)

    def map_rows(self, rows: pd.DataFrame, shift_days: int = 0) -> MappedRows:
        """The rows, whose index is their number, moved in time; one fault for each row that has an unusable value."""
        transactions, faults = map_rows(self, rows)
        transactions["event_time_ms"] += shift_days * DAY_MS
        transactions.loc[transactions["reported_at_ms"] >= 0, "reported_at_ms"] += shift_days * DAY_MS
        return MappedRows(transactions, faults)


def load_mapping(name: str, shipped: Path) -> ColumnMapping:
    """A mapping by the path of its YAML file, or by the name of one in the folder `shipped`.

    Raises ConfigurationError where there is none, or it is not a mapping.
    """
    path = Path(name) if Path(name).suffix in (".yaml", ".yml") else shipped / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in shipped.glob("*.yaml"))) or "none"
        raise ConfigurationError(f"mapping {name}: no file {path}; shipped mappings: {known}")
    try:
        return msgspec.convert(yaml.safe_load(path.read_text()), ColumnMapping)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise ConfigurationError(f"mapping {path}: {error}") from None


def map_rows(mapping: ColumnMapping, rows: pd.DataFrame) -> MappedRows:
    """The rows, whose index is their number, as transactions; one fault for each row that has an unusable value."""
    frame = pd.DataFrame(index=rows.index)
    faults: dict[int, RowFault] = {}
    for name, source in mapping.fields.items():
        column = rows[source.column] if source.column else pd.Series(source.constant, index=rows.index)
        frame[name], is_bad = _convert(name, source, column)
        reason = _REASONS.get(name, _NO_NUMBER) if source.format is None else f"is no time like {source.format}"
        for row in rows.index[is_bad & ~column.isna()]:
            faults.setdefault(row, RowFault(int(row), str(source.column), str(column[row]), name, reason))
        if name in REQUIRED_FIELDS:
            for row in rows.index[column.isna()]:
                faults.setdefault(row, RowFault(int(row), str(source.column), "", name, "is empty"))
    sound = frame.drop(index=list(faults)).astype({"event_time_ms": "int64", "is_fraud": bool})
    is_fraud = sound.pop("is_fraud")
    delay_ms = int(mapping.label_delay_days * DAY_MS)
    sound["reported_at_ms"] = (sound["event_time_ms"] + delay_ms).where(is_fraud, -1)
    return MappedRows(sound, [faults[row] for row in sorted(faults)])


def _convert(name: str, source: FieldSource, column: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Values of a field, and where there is none because the column's cannot be read."""
    if name == "event_time_ms":
        values = times_ms(column, source.format)
    elif name == "is_fraud":
        values = column.astype(str).str.lower().map(_FLAGS)
    elif name in _NUMBERS:
        values = pd.to_numeric(column, errors="coerce").astype(float)
    else:
        text = source.prefix + column.astype(str)
        return text.astype(object).where(column.notna(), None), pd.Series(False, index=column.index)
    return values, values.isna()


def times_ms(column: pd.Series, form: str | None = None) -> pd.Series:
    """Milliseconds since 1970 UTC, Int64: of timestamps (UTC where they have no zone), ISO 8601, or whole milliseconds.

    form: of texts that are not ISO 8601, as in strptime. Null where a value is none of these.
    """
    if pd.api.types.is_datetime64_any_dtype(column):
        dates = pd.to_datetime(column, utc=True).dt.as_unit("ms")
        return dates.astype("int64").astype("Int64").where(column.notna(), pd.NA)
    if pd.api.types.is_numeric_dtype(column):
        numbers = pd.to_numeric(column, errors="coerce")
        return numbers.where(numbers % 1 == 0).astype("Int64")
    text = column.astype("string").str.strip()
    is_number = text.str.fullmatch(r"-?[0-9]{1,18}").fillna(False).astype(bool) & (form is None)
    dates = pd.to_datetime(text.mask(is_number), utc=True, format=form or "ISO8601", errors="coerce").dt.as_unit("ms")
    times = dates.astype("int64").astype("Int64").where(dates.notna(), pd.NA)
    if is_number.any():
        times = times.mask(is_number, pd.to_numeric(text.where(is_number)).astype("Int64"))
    return times
