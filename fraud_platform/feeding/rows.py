"""Rows as a feed reads them: in batches, each row with a number."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from fraud_platform.errors import ConfigurationError
from fraud_platform.feeding.column_mapping import RowFault
from fraud_platform.messages.tolerant import printable

BATCH_ROWS = 50_000


class NumberedRows(NamedTuple):
    """Some rows, and what is wrong with others that lie between them."""

    numbers: np.ndarray
    """(n,) of the rows, from 1 on over all files."""
    rows: pa.RecordBatch
    faults: Sequence[RowFault] = ()


class Rows(Protocol):
    """What a feed is made of."""

    @property
    def names(self) -> list[str]:
        """Of the columns."""

    def batches(self, columns: Sequence[str]) -> Iterator[NumberedRows]: ...
    def place(self, number: int) -> tuple[Path, int]:
        """The file of a row that has been read, and the row's number in it, from 1 on."""


class File(Protocol):
    """One file."""

    path: Path
    names: list[str]

    def batches(self, columns: Sequence[str]) -> Iterator[NumberedRows]:
        """Numbers count from 1 on."""


def non_empty(path: Path, following: Callable[[], pa.RecordBatch | None]) -> Iterator[pa.RecordBatch]:
    """Those batches that have rows."""
    while True:
        with clear_errors(path):
            batch = following()
        if batch is None:
            return
        for first in range(0, batch.num_rows, BATCH_ROWS):
            yield batch.slice(first, BATCH_ROWS)


@contextmanager
def clear_errors(path: Path | str) -> Iterator[None]:
    """What cannot be read is one line."""
    try:
        yield
    except (pa.ArrowException, OSError, EOFError) as error:
        words = str(error).rpartition("Invalid: ")[2]  # Arrow's own, after how it came to them
        raise ConfigurationError(f"{path}: cannot be read: {printable(words, 300)}") from None
