"""Rows of text files."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from fraud_platform.core.declaration.file_layout import DEFAULT_LAYOUT, FileLayout
from fraud_platform.feeding.column_mapping import RowFault
from fraud_platform.feeding.rows import NumberedRows, clear_errors, non_empty
from fraud_platform.feeding.text_layout import UNNAMED, TextLayout, text_layout

_BLOCK_BYTES = 8 << 20


class TextRows:
    """Of one CSV file: all cells as the text that is in it, so that an id keeps its zeros and Namibia its NA."""

    def __init__(self, path: Path, layout: TextLayout) -> None:
        self.path, self._layout = path, layout
        self.names = [name for name in layout.names if not name.startswith(UNNAMED)]

    def batches(self, columns: Sequence[str]) -> Iterator[NumberedRows]:
        ragged: list[RowFault] = []
        with clear_errors(self.path):
            reader = self._reader(columns, ragged)
        accepted, told = 0, 0
        for batch in non_empty(self.path, lambda: _next(reader)):
            skipped = np.array([fault.row for fault in ragged], np.int64)
            # The k-th of the rows that were taken has as many before it that were not as lie below its number.
            before = np.searchsorted(
                skipped - np.arange(len(skipped)), accepted + 1 + np.arange(batch.num_rows), "right"
            )
            numbers = accepted + 1 + np.arange(batch.num_rows, dtype=np.int64) + before
            accepted += batch.num_rows
            yield NumberedRows(numbers, batch, ragged[told:])
            told = len(ragged)
        if told < len(ragged):
            empty = pa.RecordBatch.from_pylist([], pa.schema([(name, pa.string()) for name in columns]))
            yield NumberedRows(np.empty(0, np.int64), empty, ragged[told:])

    def _reader(self, columns: Sequence[str], ragged: list[RowFault]) -> csv.CSVStreamingReader:
        layout = self._layout

        def note(row: csv.InvalidRow) -> str:
            reason = (
                f"has {row.actual_columns} cells, and the header {row.expected_columns}: put cells that have "
                f"{layout.separator!r} or line breaks in them between {layout.quote}"
            )
            ragged.append(RowFault((row.number or 1) - layout.lines_before, "all", row.text, "row", reason))
            return "skip"

        source = pa.input_stream(str(self.path), compression="gzip" if layout.is_compressed else None)
        return csv.open_csv(
            source,
            csv.ReadOptions(
                use_threads=False,
                block_size=_BLOCK_BYTES,
                skip_rows=layout.lines_before,
                column_names=list(layout.names),
                encoding=layout.encoding,
            ),
            csv.ParseOptions(
                delimiter=layout.separator,
                quote_char=layout.quote,
                newlines_in_values=True,
                invalid_row_handler=note,
            ),
            csv.ConvertOptions(
                column_types=dict.fromkeys(layout.names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                include_columns=list(columns),
            ),
        )


def text_rows(
    path: Path, layout: FileLayout = DEFAULT_LAYOUT, wanted: Collection[str] = ()
) -> tuple[TextRows, list[str]]:
    """The rows of a text file, and what was found out of it.

    Raises ConfigurationError where it cannot be told how it is written.
    """
    with clear_errors(path):
        found = text_layout(path, layout, wanted)
    unnamed = sum(name.startswith(UNNAMED) for name in found.names)
    notices = [f"{path}: {unnamed} column without a name is not read"] if unnamed else []
    return TextRows(path, found), [*found.notices, *notices]


def _next(reader: csv.CSVStreamingReader) -> pa.RecordBatch | None:
    try:
        return reader.read_next_batch()
    except StopIteration:
        return None
