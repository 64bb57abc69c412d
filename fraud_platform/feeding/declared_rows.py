"""Rows of a file as messages of the declaration in force: a row is a message, and the declaration says what it means.

All columns are sent but those of the label, so that a field that is declared later has its history. A column goes
where a path of the declaration leads, `card.pan_hash` into an object `card`; any other keeps its name.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa

from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.declaration.fields.field import Field, column_of_path, split_path
from fraud_platform.core.declaration.fields.timestamp import Timestamp
from fraud_platform.core.declaration.file_layout import DEFAULT_LAYOUT, FileLayout
from fraud_platform.core.declaration.labels import Labels
from fraud_platform.core.features.feature_set import FeatureSet
from fraud_platform.core.time import DAY_MS
from fraud_platform.declared import FEATURE_SET
from fraud_platform.errors import ConfigurationError
from fraud_platform.feeding.arrow_cells import frame_of_cells
from fraud_platform.feeding.cells import is_empty, json_value
from fraud_platform.feeding.column_mapping import MappedRows, RowFault
from fraud_platform.feeding.declared_labels import DeclaredLabels
from fraud_platform.feeding.documents import enclosed, key_of, put_all
from fraud_platform.feeding.first_look import FirstLook
from fraud_platform.feeding.messages import VALUE
from fraud_platform.feeding.refused import Refused
from fraud_platform.feeding.time_cells import time_ms
from fraud_platform.feeding.way_out import WaysOut
from fraud_platform.feeding.written_time import with_time
from fraud_platform.messages.declared.decoder import TransactionDecoder
from fraud_platform.messages.personal import is_personal, masked
from fraud_platform.messages.transactions import DECODER

DELAY_DAYS = 7.0
"""Until a fraud is reported, where nothing else says it."""
_MIXED = Refused("has the .0 of a number with places where other ids of the column have none: export it as text")


def layout_of(declaration: Declaration) -> FileLayout:
    """How files are written by the declaration."""
    return declaration.header.file or DEFAULT_LAYOUT


def wanted_columns(declaration: Declaration) -> list[str]:
    """Those that the declaration reads and that a file may not lack, but for the id of the transaction.

    Raises ConfigurationError where it says nothing of labels.
    """
    fields = [field for field in declaration.world if not field.optional and field.role != "transaction"]
    return [*(column_of_path(path) for field in fields for path in field.sources), _labels(declaration).columns[0]]


class DeclaredRows:
    """Reads rows of files with these columns."""

    def __init__(
        self,
        names: Sequence[str],
        label_delay_days: float = DELAY_DAYS,
        feature_set: FeatureSet = FEATURE_SET,
        decoder: TransactionDecoder = DECODER,
    ) -> None:
        """names: of all columns. Raises ConfigurationError where one is missing that the declaration needs."""
        self._names, self.label_delay_days = list(names), label_delay_days
        self._features, self.decoder, declaration = feature_set, decoder, feature_set.declaration
        transaction = [column_of_path(path) for path in feature_set.world.of_role("transaction").sources]
        self.numbers_rows = not set(transaction) <= set(names)
        """Whether rows have no id of a transaction, and their numbers take its place."""
        if missing := [name for name in wanted_columns(declaration) if name not in names]:
            raise ConfigurationError(
                f"the file has no column {', '.join(missing)} that the declaration {declaration.header.name} reads; "
                f"it has {', '.join(names)}"
            )
        self._layout, labels = layout_of(declaration), _labels(declaration)
        self._labels = DeclaredLabels(labels, self._time, self._layout, names, label_delay_days)
        fields = [*feature_set.world.fields, labels.reported(None)]
        self._look = FirstLook(names, fields, self._time, labels.columns[0], self._layout)
        self._ways_out = WaysOut(self._layout)
        self._envelope = split_path(declaration.header.message.envelope or "")
        self._key_path = feature_set.world.field(feature_set.key).source

    @property
    def columns(self) -> list[str]:
        """All of them."""
        return self._names

    @property
    def first_look_columns(self) -> list[str]:
        return self._look.columns

    @property
    def unused_columns(self) -> list[str]:
        """Those that are sent and that no field is read from."""
        return [name for name in self._names if name not in self._fields and name not in self._labels.columns]

    @property
    def notices(self) -> list[str]:
        """What was found out of the rows as a whole, for a person to see."""
        return self._look.notices

    @property
    def identity(self) -> str:
        """What it makes messages by."""
        return f"{self._features.hash} {self._features.declaration.header} {self.label_delay_days}"

    @property
    def time_columns(self) -> list[str]:
        return [column_of_path(path) for path in self._time.sources]

    @property
    def time_way_out(self) -> str:
        return self._ways_out.of_times

    @cached_property
    def _time(self) -> Timestamp:
        field = self._features.world.of_role("time")
        assert isinstance(field, Timestamp)
        return field

    @cached_property
    def _fields(self) -> dict[str, tuple[Field, tuple[str, ...]]]:
        """Column → the field that is read from it, and the path to it."""
        return {column_of_path(path): (field, path) for field in self._features.world for path in field.sources}

    def frame_of(self, batch: pa.RecordBatch, numbers: np.ndarray) -> pd.DataFrame:
        """The rows with plain values."""
        return frame_of_cells(batch, numbers)

    def look_at(self, batch: pa.RecordBatch) -> None:
        """See FirstLook."""
        self._look.add(batch)

    def end_look(self) -> None:
        """See FirstLook."""
        self._look.end(self._labels.are_declared)

    def column_of(self, field: str) -> str:
        """The column, or the columns, that a declared field is read from."""
        return ", ".join(map(column_of_path, self._paths(field)))

    def _paths(self, field: str) -> tuple[tuple[str, ...], ...]:
        """Of a field, or of a member of a fraud report."""
        field = {"key": self._features.key, "transaction_id": self._features.transaction}.get(field, field)
        return self._features.world.field(field).sources if field in self._features.world.names else ()

    def times_ms(self, rows: pd.DataFrame) -> pd.Series:
        """Milliseconds since 1970 UTC, Int64; null where there is no time."""
        cells = list(zip(*(rows[name].tolist() for name in self.time_columns), strict=True))
        values = [[json_value(self._time, cell, self._layout) for cell in row] for row in cells]
        found = [None if any(isinstance(v, Refused) for v in row) else time_ms(self._time, row) for row in values]
        if None in found:
            at = found.index(None)
            self._ways_out.note_time(self._time, cells[at], int(rows.index[at]))
        return pd.Series(found, index=rows.index, dtype="Int64")

    def map_rows(self, rows: pd.DataFrame, shift_days: int) -> MappedRows:
        """The rows, whose index is their number, as messages; one fault for each row that is none."""
        faults: dict[int, RowFault] = {}
        documents = self._documents(rows, faults)
        rows = rows[~rows.index.isin([*faults])] if faults else rows
        documents = {row: document for row, document in documents.items() if row not in faults}
        unmoved = self.times_ms(rows)
        times = unmoved + shift_days * DAY_MS
        for document, at_ms in zip(documents.values(), times, strict=True):
            if shift_days and not pd.isna(at_ms):
                with_time(document, self._time, int(at_ms))
        values = [msgspec.json.encode(enclosed(document, self._envelope)) for document in documents.values()]
        keys = [key_of(document, self._key_path) for document in documents.values()]
        decoded = self.decoder.decode(keys, values, times.fillna(0).astype(int).tolist())
        for rejected in decoded.rejections:
            fault = self._fault(rows, rejected.index, rejected.field, rejected.reason)
            faults[fault.row] = fault
        frame = pd.DataFrame(
            {
                "transaction_id": decoded.columns[self._features.transaction],
                "customer_id": decoded.columns[self._features.key],
                "event_time_ms": np.asarray(decoded.columns[self._features.time], np.int64),
                VALUE: [values[i] for i in decoded.accepted],
            },
            index=rows.index[decoded.accepted],
        )
        reported, unread = self._labels.reported_ms(rows.loc[frame.index], unmoved[frame.index])
        frame["reported_at_ms"] = (reported + shift_days * DAY_MS).where(reported >= 0, -1)
        faults |= {fault.row: fault for fault in unread}
        kept = frame.drop(index=[fault.row for fault in unread])
        return MappedRows(kept.astype({"reported_at_ms": "int64"}), [faults[row] for row in sorted(faults)])

    def _fault(self, rows: pd.DataFrame, at: int, field: str, reason: str) -> RowFault:
        columns = [column_of_path(path) for path in self._paths(field)]
        cells = [rows[column].iloc[at] for column in columns if column in rows.columns]
        value = cells[0] if len(cells) == 1 else " ".join("" if is_empty(cell) else str(cell) for cell in cells)
        known = self._features.world.field(field) if field in self._features.world.names else None
        shown = "" if is_empty(value) else self._shown(field, value)
        told = reason + self._ways_out.of(known, value, reason)
        return RowFault(int(rows.index[at]), ", ".join(columns), shown, field, told)

    def _documents(self, rows: pd.DataFrame, faults: dict[int, RowFault]) -> dict[int, dict[str, Any]]:
        """What each row's message has, by its number. A row with a cell that cannot be sent has a fault."""
        documents: dict[int, dict[str, Any]] = {int(row): {} for row in rows.index}
        if version := self._features.declaration.header.message.version:
            put_all(documents.values(), split_path(version.member), [version.equals] * len(rows))
        for name in self._names:
            if name not in self._labels.columns:
                field, path = self._fields.get(name, (None, (name,)))
                values = self._values(name, field, rows[name].tolist())
                put_all(documents.values(), path, [None if isinstance(value, Refused) else value for value in values])
                for row, value in zip(documents, values, strict=True):
                    if isinstance(value, Refused) and field is not None:
                        faults.setdefault(
                            row, RowFault(row, name, self._shown(field.name, rows[name][row]), field.name, value.reason)
                        )
        if self.numbers_rows:
            numbers = [str(row) for row in documents]
            put_all(documents.values(), self._features.world.of_role("transaction").source, numbers)
        return documents

    @staticmethod
    def _shown(field: str, value: object) -> str:
        """A cell as a person may see it."""
        return masked(value) if is_personal(field) else str(value)

    def _values(self, name: str, field: Field | None, cells: list[Any]) -> list[Any]:
        """What messages have of a column."""
        values = [json_value(field, cell, self._layout) for cell in cells]
        if name in self._look.doubles:
            return [value.partition(".")[0] if isinstance(value, str) else value for value in values]
        if name in self._look.mixed:
            return [_MIXED if isinstance(value, str) and "." in value else value for value in values]
        return values


def _labels(declaration: Declaration) -> Labels:
    if declaration.header.labels is None:
        raise ConfigurationError("the declaration says nothing of labels: add labels: {is_fraud: …} to replay a file")
    return declaration.header.labels
