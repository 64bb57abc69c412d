"""Labelled files of transactions, Parquet or CSV, read in bounded memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import dataset

from fraud_platform.core.time import DAY_MS, day_of, day_start_ms
from fraud_platform.errors import ConfigurationError
from fraud_platform.storage.column_mapping import ColumnMapping, apply_mapping, times_ms

_BATCH_ROWS = 50_000
_FORMATS = {".parquet": "parquet", ".csv": "csv"}


@dataclass(frozen=True)
class Period:
    """The days to be read, both included, and the days to move them by."""

    first: date
    last: date
    shift_days: int

    @property
    def start_ms(self) -> int:
        """Midnight before the first moved day."""
        return day_start_ms(self.first) + self.shift_days * DAY_MS

    @property
    def until_ms(self) -> int:
        """Midnight after the last moved day."""
        return day_start_ms(self.last) + (1 + self.shift_days) * DAY_MS


def open_file(path: Path, mapping: ColumnMapping) -> dataset.Dataset:
    """The file; raises ConfigurationError where it is not there, not of a known format, or lacks a mapped column."""
    if not path.is_file():
        raise ConfigurationError(f"{path}: no such file")
    if path.suffix not in _FORMATS:
        raise ConfigurationError(f"{path}: not one of {', '.join(_FORMATS)}")
    try:
        rows = dataset.dataset(path, format=_FORMATS[path.suffix])
    except (pa.ArrowInvalid, OSError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from None
    if missing := [name for name in mapping.columns if name not in rows.schema.names]:
        raise ConfigurationError(
            f"{path} has no column {', '.join(missing)} that the mapping names; it has {', '.join(rows.schema.names)}"
        )
    return rows


def find_period(
    rows: dataset.Dataset,
    mapping: ColumnMapping,
    start: date | None = None,
    end: date | None = None,
    shift_to: date | None = None,
) -> Period:
    """The days of a file between `start` and `end`, both included, the first of them moved to `shift_to`.

    Reads the time column only. Raises ConfigurationError where the rows are not in time
    order, or none lie between the dates.
    """
    previous: int | None = None
    found: list[date] = []
    for times in _times(rows, mapping):
        if not times.is_monotonic_increasing or (previous is not None and times.iloc[0] < previous):
            raise ConfigurationError(
                f"rows are not in the order of {mapping.fields['event_time_ms'].column}: sort the file by it"
            )
        previous = int(times.iloc[-1])
        inside = times[_between(times, start, end)]
        found += [day_of(int(inside.iloc[i])) for i in (0, -1) if len(inside)]
    if not found:
        raise ConfigurationError(f"no rows between {start or 'the first day'} and {end or 'the last day'}")
    return Period(found[0], found[-1], (shift_to - found[0]).days if shift_to else 0)


def read_period(rows: dataset.Dataset, mapping: ColumnMapping, period: Period) -> Iterator[pd.DataFrame]:
    """The transactions of a period in batches, moved in time, as `apply_mapping` returns them."""
    for batch in rows.to_batches(columns=mapping.columns, batch_size=_BATCH_ROWS):
        frame = batch.to_pandas()
        times = times_ms(frame[mapping.fields["event_time_ms"].column])
        inside = frame[_between(times, period.first, period.last)]
        if inside.empty:
            continue
        transactions = apply_mapping(mapping, inside)
        transactions["event_time_ms"] += period.shift_days * DAY_MS
        transactions.loc[transactions["reported_at_ms"] >= 0, "reported_at_ms"] += period.shift_days * DAY_MS
        yield transactions


def _times(rows: dataset.Dataset, mapping: ColumnMapping) -> Iterator[pd.Series]:
    column = mapping.fields["event_time_ms"].column
    for batch in rows.to_batches(columns=[column], batch_size=_BATCH_ROWS):
        if batch.num_rows:
            yield times_ms(batch.to_pandas()[column])


def _between(times: pd.Series, start: date | None, end: date | None) -> pd.Series:
    inside = pd.Series(True, index=times.index)
    if start:
        inside &= times >= day_start_ms(start)
    if end:
        inside &= times < day_start_ms(end + timedelta(days=1))
    return inside
