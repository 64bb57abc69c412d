"""Rows of a file as messages of the declaration in force: a row is a message, and the declaration says what it means.

All columns are sent but those of the label, so that a field that is declared later has its history. A column goes
where a path of the declaration leads, `card.pan_hash` into an object `card`; any other keeps its name.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from fraud_platform.core.declaration.fields.field import split_path, written_path
from fraud_platform.core.declaration.fields.timestamp import Timestamp
from fraud_platform.core.time import DAY_MS
from fraud_platform.declared import DECLARATION, FEATURE_SET
from fraud_platform.errors import ConfigurationError
from fraud_platform.feeding.cells import FLAGS, json_value
from fraud_platform.feeding.column_mapping import MappedRows, RowFault, times_ms
from fraud_platform.feeding.messages import VALUE
from fraud_platform.feeding.written_time import with_time
from fraud_platform.messages.personal import is_personal, masked
from fraud_platform.messages.transactions import DECODER

_NO_FLAG = "is none of 0 and 1, true and false, yes and no"


class DeclaredRows:
    """Reads rows of files with these columns."""

    def __init__(self, names: Sequence[str], label_delay_days: float = 7.0) -> None:
        """names: of all columns. Raises ConfigurationError where one is missing that the declaration needs."""
        labels = DECLARATION.header.labels
        if labels is None:
            raise ConfigurationError(
                "the declaration says nothing of labels: add labels: {is_fraud: …} to replay a file"
            )
        self._names, self._is_fraud, self._reported_at = list(names), labels.is_fraud, labels.reported_at
        self._unit = labels.unit
        self.label_delay_days = label_delay_days
        world = FEATURE_SET.world
        wanted = {field.name: [written_path(path) for path in field.sources] for field in world if not field.optional}
        self.numbers_rows = not set(wanted[FEATURE_SET.transaction]) <= set(names)
        """Whether rows have no id of a transaction, and their numbers take its place."""
        if self.numbers_rows:
            del wanted[FEATURE_SET.transaction]
        missing = [path for paths in (*wanted.values(), [self._is_fraud]) for path in paths if path not in names]
        if missing:
            raise ConfigurationError(
                f"the file has no column {', '.join(missing)} that the declaration {DECLARATION.header.name} reads; "
                f"it has {', '.join(names)}"
            )

    @property
    def columns(self) -> list[str]:
        """All of them."""
        return self._names

    @property
    def identity(self) -> str:
        """What it makes messages by."""
        return f"{FEATURE_SET.hash} {DECLARATION.header} {self.label_delay_days}"

    @property
    def time_columns(self) -> list[str]:
        return [written_path(path) for path in self._time.sources]

    @property
    def time_called(self) -> str:
        return " and ".join(self.time_columns)

    @cached_property
    def _time(self) -> Timestamp:
        field = FEATURE_SET.world.of_role("time")
        assert isinstance(field, Timestamp)
        return field

    def column_of(self, field: str) -> str:
        """The column, or the columns, that a declared field is read from."""
        known = {one.name: one for one in FEATURE_SET.world}
        return ", ".join(map(written_path, known[field].sources)) if field in known else ""

    def times_ms(self, rows: pd.DataFrame) -> pd.Series:
        """Milliseconds since 1970 UTC, Int64; null where there is no time."""
        cells = zip(*(rows[name].tolist() for name in self.time_columns), strict=True)
        found = [self._time_of([json_value(self._time, cell) for cell in row]) for row in cells]
        return pd.Series(found, index=rows.index, dtype="Int64")

    def _time_of(self, cells: list[Any]) -> int | None:
        try:
            values = [msgspec.convert(cell, self._time.json_type) for cell in cells]
            return int(self._time.column([tuple(values) if self._time.members else values[0]])[0])
        except ValueError:  # msgspec's is one
            return None

    def map_rows(self, rows: pd.DataFrame, shift_days: int) -> MappedRows:
        """The rows, whose index is their number, as messages; one fault for each row that is none."""
        documents, times = self._documents(rows), self.times_ms(rows) + shift_days * DAY_MS
        for document, at_ms in zip(documents, times, strict=True):
            if shift_days and not pd.isna(at_ms):
                with_time(document, self._time, int(at_ms))
        values = [msgspec.json.encode(_enclosed(document)) for document in documents]
        keys = [_key_of(document) for document in documents]
        decoded = DECODER.decode(keys, values, times.fillna(0).astype(int).tolist())
        faults = {int(rows.index[r.index]): self._fault(rows, r.index, r.field, r.reason) for r in decoded.rejections}
        frame = pd.DataFrame(
            {
                "transaction_id": decoded.columns[FEATURE_SET.transaction],
                "customer_id": decoded.columns[FEATURE_SET.key],
                "event_time_ms": np.asarray(decoded.columns[FEATURE_SET.time], np.int64),
                VALUE: [values[i] for i in decoded.accepted],
            },
            index=rows.index[decoded.accepted],
        )
        frame["reported_at_ms"] = self._reported(rows.loc[frame.index], frame["event_time_ms"], shift_days, faults)
        kept = frame.drop(index=[row for row in faults if row in frame.index])
        return MappedRows(kept.astype({"reported_at_ms": "int64"}), [faults[row] for row in sorted(faults)])

    def _fault(self, rows: pd.DataFrame, at: int, field: str, reason: str) -> RowFault:
        column = self.column_of(field)
        value = rows.iloc[at][column] if column in rows.columns else ""
        value = masked(value) if is_personal(field) else value
        return RowFault(int(rows.index[at]), column, "" if value is None else str(value), field, reason)

    def _documents(self, rows: pd.DataFrame) -> list[dict[str, Any]]:
        """What each row's message has."""
        documents: list[dict[str, Any]] = [{} for _ in range(len(rows))]
        if version := DECLARATION.header.message.version:
            _put_all(documents, split_path(version.member), [version.equals] * len(rows))
        paths = {written_path(path): (field, path) for field in FEATURE_SET.world for path in field.sources}
        for name in self._names:
            if name not in (self._is_fraud, self._reported_at):
                field, path = paths.get(name, (None, (name,)))
                _put_all(documents, path, [json_value(field, cell) for cell in rows[name].tolist()])
        if self.numbers_rows:
            _put_all(documents, FEATURE_SET.world.of_role("transaction").source, [str(row) for row in rows.index])
        return documents

    def _reported(
        self, rows: pd.DataFrame, times: pd.Series, shift_days: int, faults: dict[int, RowFault]
    ) -> pd.Series:
        """When each row's fraud is reported; -1 where it is none."""
        texts = rows[self._is_fraud]
        flags = texts.astype(str).str.strip().str.lower().map(FLAGS)
        for row in rows.index[flags.isna()]:
            faults[int(row)] = RowFault(int(row), self._is_fraud, str(texts[row]), "is_fraud", _NO_FLAG)
        is_fraud = flags.eq(True)
        if self._reported_at not in self._names:
            return (times + int(self.label_delay_days * DAY_MS)).where(is_fraud, -1)
        told = rows[self._reported_at]
        at = _reported_ms(told, self._unit)
        for row in rows.index[is_fraud & at.isna()]:
            faults[int(row)] = RowFault(int(row), self._reported_at, str(told[row]), "reported_at", "is no time")
        return (at + shift_days * DAY_MS).where(is_fraud & at.notna(), -1)


def _enclosed(document: dict[str, Any]) -> dict[str, Any]:
    for name in reversed(split_path(DECLARATION.header.message.envelope or "")):
        document = {name: document}
    return document


def _key_of(document: dict[str, Any]) -> bytes | None:
    key: Any = document
    for name in FEATURE_SET.world.field(FEATURE_SET.key).source:
        key = key.get(name) if isinstance(key, dict) else None
    return key.encode() if isinstance(key, str) else None


def _reported_ms(column: pd.Series, unit: str | None) -> pd.Series:
    if unit is None:
        return times_ms(column)
    per_ms = {"s": 1000.0, "ms": 1.0, "us": 1e-3, "ns": 1e-6, "h": 3_600_000.0}[unit]
    return (pd.to_numeric(column, errors="coerce") * per_ms).round().astype("Int64")


def _put_all(documents: Iterable[dict[str, Any]], path: Iterable[str], values: Iterable[Any]) -> None:
    """Give each message its value at the path; a message whose value is None has none."""
    *above, last = path
    for document, value in zip(documents, values, strict=True):
        if value is not None:
            for name in above:
                document = document.setdefault(name, {})
            document[last] = value
