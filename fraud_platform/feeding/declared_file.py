"""Labelled Parquet and CSV files in the columns of a declaration: a row is what a message of that world would be."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.declaration.fields.field import Field, split_path
from fraud_platform.core.declaration.fields.time_reading import ms_of_numbers
from fraud_platform.core.declaration.fields.timestamp import Timestamp
from fraud_platform.errors import ConfigurationError


def read_declared(folder: Path, declaration: Declaration) -> pd.DataFrame:
    """The declared fields and `is_fraud` of all Parquet and CSV files in a folder, in the order of time and of the id.

    Raises ConfigurationError where there is no such file, or where a column is missing or
    cannot be read as its field.
    """
    paths = sorted(path for path in folder.glob("*") if path.suffix in (".parquet", ".csv"))
    if not paths:
        raise ConfigurationError(f"{folder} has neither .parquet nor .csv files: name the folder of the transactions")
    labels = declaration.header.labels
    if labels is None:
        raise ConfigurationError(f"declaration {declaration.header.name} has no labels: add the column that says fraud")
    is_fraud = ".".join(split_path(labels.is_fraud))
    frame = pd.concat([_read(path, declaration, is_fraud) for path in paths], ignore_index=True)
    names = [declaration.world.of_role(role).name for role in ("time", "transaction")]
    return frame.sort_values(names, ignore_index=True)


def _read(path: Path, declaration: Declaration, is_fraud: str) -> pd.DataFrame:
    rows = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=str)
    wanted = [".".join(path) for field in declaration.world for path in field.sources if not field.optional]
    if missing := [name for name in (*wanted, is_fraud) if name not in rows]:
        raise ConfigurationError(
            f"{path} has no column {', '.join(missing)} that declaration {declaration.header.name} names; "
            f"it has {', '.join(map(str, rows.columns))}"
        )
    columns = {field.name: _column(field, rows) for field in declaration.world}
    return pd.DataFrame({**columns, "is_fraud": pd.to_numeric(rows[is_fraud]).astype(bool)})


def _column(field: Field, rows: pd.DataFrame) -> Any:
    """Values (n,) of a field as event rows take them; None and NaN where unknown."""
    source = ".".join(field.source)
    if source not in rows:
        return np.full(len(rows), None, object)
    try:
        if isinstance(field, Timestamp):
            return _times_ms(field, rows[source])
        if field.IDENTITY:
            return rows[source].map(str, na_action="ignore").astype(object).where(rows[source].notna(), None)
        return pd.to_numeric(rows[source]).astype(float)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"column {source} cannot be read as {field.name}: {str(error)[:200]!r}") from None


def _times_ms(field: Timestamp, values: pd.Series) -> pd.Series:
    if field.unit is not None:
        return pd.Series(ms_of_numbers(values.astype(np.int64).tolist(), field.unit, field.epoch_ms))
    times = pd.to_datetime(values, format=field.format or "ISO8601")
    if times.dt.tz is None:
        times = times.dt.tz_localize(field.zone or "UTC")
    return times.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[ms]").astype(np.int64)
