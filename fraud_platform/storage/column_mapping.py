"""Column mappings: which column of somebody's file becomes which field of a transaction."""

from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import yaml

from fraud_platform.core.time import DAY_MS
from fraud_platform.errors import ConfigurationError
from fraud_platform.storage.feed_messages import OPTIONAL_FIELDS

REQUIRED_FIELDS = ("transaction_id", "customer_id", "merchant_id", "event_time_ms", "amount", "is_fraud")
_NUMBERS = ("amount", "latitude", "longitude")


class FieldSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a field comes from: a column or a constant, as text with a prefix where one is given."""

    column: str | None = None
    constant: str | float | None = None
    prefix: str = ""

    def __post_init__(self) -> None:
        if (self.column is None) == (self.constant is None):
            raise ValueError("needs either a column or a constant")


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


def apply_mapping(mapping: ColumnMapping, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows as a feed takes them: fields of a transaction, and reported_at_ms (-1 where not fraud).

    Raises ConfigurationError where a required column has an empty or unusable value.
    """
    fields = {name: _field(name, source, rows) for name, source in mapping.fields.items()}
    is_fraud = fields.pop("is_fraud")
    frame = pd.DataFrame(fields, index=rows.index)
    delay_ms = int(mapping.label_delay_days * DAY_MS)
    frame["reported_at_ms"] = (frame["event_time_ms"] + delay_ms).where(is_fraud, -1)
    return frame


def _field(name: str, source: FieldSource, rows: pd.DataFrame) -> pd.Series:
    column = rows[source.column] if source.column else pd.Series(source.constant, index=rows.index)
    empty = column.isna()
    if name in REQUIRED_FIELDS and empty.any():
        raise ConfigurationError(
            f"column {source.column} ({name}) is empty in {int(empty.sum())} rows: drop them first"
        )
    try:
        return _convert(name, source, column, empty)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"column {source.column} cannot be read as {name}: {error}") from None


def _convert(name: str, source: FieldSource, column: pd.Series, empty: pd.Series) -> pd.Series:
    if name == "event_time_ms":
        return times_ms(column)
    if name == "is_fraud":
        return column.astype(int).astype(bool)
    if name in _NUMBERS:
        return column.astype(float)
    text: Any = source.prefix + column.astype(str)
    return text.astype(object).where(~empty, None)


def times_ms(column: pd.Series) -> pd.Series:
    """Milliseconds since 1970 UTC of timestamps (UTC where they have no zone) or integer milliseconds."""
    if pd.api.types.is_integer_dtype(column):
        return column.astype("int64")
    return pd.to_datetime(column, utc=True).dt.as_unit("ms").astype("int64")
