"""Rows of one or several files, as one table: every row has a number, and its place in a file."""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
from pyarrow import parquet

from fraud_platform.core.declaration.file_layout import DEFAULT_LAYOUT, FileLayout
from fraud_platform.errors import ConfigurationError
from fraud_platform.feeding.arrow_cells import plain_batch
from fraud_platform.feeding.rows import BATCH_ROWS, File, NumberedRows, clear_errors, non_empty
from fraud_platform.feeding.text_rows import text_rows

_INDEX = "__index_level_0__"
"""What pandas calls an index without a name in Parquet."""
_TEXT = (".csv", ".tsv", ".txt")
_PARQUET = (".parquet", ".pq")
_PICKLE = (".pkl", ".pickle")
_KNOWN = "Parquet or CSV, also CSV as .csv.gz"


class FileRows:
    """The rows of files, one file after the other."""

    def __init__(self, files: Sequence[File], notices: Sequence[str] = ()) -> None:
        self.files, self.notices = files, list(notices)
        self.names: list[str] = files[0].names
        self._ends: list[int] = []
        """Number of the last row of each file that has been read."""
        for file in files[1:]:
            if differing := sorted(set(file.names) ^ set(self.names)):
                raise ConfigurationError(
                    f"{file.path} and {files[0].path} differ in column {', '.join(differing)}: send them apart"
                )

    @property
    def paths(self) -> list[Path]:
        return [file.path for file in self.files]

    def batches(self, columns: Sequence[str]) -> Iterator[NumberedRows]:
        ends: list[int] = []
        before = last = 0
        for file in self.files:
            for numbers, rows, faults in file.batches(columns):
                last = before + max([*numbers[-1:].tolist(), *(fault.row for fault in faults)], default=last - before)
                yield NumberedRows(numbers + before, rows, [fault._replace(row=fault.row + before) for fault in faults])
            before = last
            ends.append(last)
            self._ends = max(self._ends, ends, key=len)

    def place(self, number: int) -> tuple[Path, int]:
        at = bisect_right(self._ends, number - 1)
        return self.files[min(at, len(self.files) - 1)].path, number - (self._ends[at - 1] if at else 0)


class ParquetRows:
    """Of one Parquet file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with clear_errors(path):
            names = parquet.ParquetFile(path).schema_arrow.names
        self.names = [name for name in names if name != _INDEX]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ConfigurationError(f"{path} has column {', '.join(repeated)} twice: rename one of the two")

    def batches(self, columns: Sequence[str]) -> Iterator[NumberedRows]:
        first = 1
        with clear_errors(self.path):
            batches = parquet.ParquetFile(self.path).iter_batches(BATCH_ROWS, columns=list(columns))
        for batch in non_empty(self.path, lambda: next(batches, None)):
            numbers = np.arange(first, first + batch.num_rows, dtype=np.int64)
            first += batch.num_rows
            with clear_errors(self.path):
                plain = plain_batch(batch).select(list(columns))
            yield NumberedRows(numbers, plain)


def open_files(given: Sequence[Path], layout: FileLayout = DEFAULT_LAYOUT, wanted: Collection[str] = ()) -> FileRows:
    """The rows of files, a folder standing for those in it by name. wanted: names of columns that rows are read by.

    Raises ConfigurationError where there is no file, or one of them cannot be read.
    """
    paths = [path for one in given for path in (_of_folder(one) if one.is_dir() else [one])]
    if repeated := sorted({str(path) for path in paths if paths.count(path) > 1}):
        raise ConfigurationError(f"{repeated[0]} is given twice: its rows would be sent twice")
    files: list[File] = []
    notices: list[str] = []
    for path in paths:
        if not path.is_file():
            raise ConfigurationError(f"{path}: no such file")
        kind = _suffix(path)
        if kind in _PARQUET:
            files.append(ParquetRows(path))
        elif kind in _TEXT:
            file, found = text_rows(path, layout, wanted)
            files.append(file)
            notices += found
        else:
            raise ConfigurationError(f"{path}: {_way_out(path, kind)}")
    return FileRows(files, notices)


def _of_folder(folder: Path) -> list[Path]:
    """Those files of it that are of a known kind; a pickle that was converted is one no longer."""
    visible = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith((".", "_")))
    found = [path for path in visible if _suffix(path) in (*_TEXT, *_PARQUET)]
    stems = {path.stem for path in found}
    pickles = [path for path in visible if _suffix(path) in _PICKLE and path.stem not in stems]
    if pickles:
        raise ConfigurationError(
            f"{folder} has {len(pickles)} pickles, which run what is in them, so they are not opened: where you trust "
            'them, convert them by python -c "import pandas, pathlib; [pandas.read_pickle(p).to_parquet('
            f"p.with_suffix('.parquet')) for p in pathlib.Path({str(folder)!r}).glob('*{pickles[0].suffix}')]\""
        )
    if not found:
        raise ConfigurationError(f"{folder} has no files of transactions: {_KNOWN}")
    return found


def _suffix(path: Path) -> str:
    """The ending in small letters, without .gz."""
    name = path.name.lower().removesuffix(".gz")
    return name[name.rfind(".") :] if "." in name else ""


def _way_out(path: Path, kind: str) -> str:
    if kind in _PICKLE:
        target = path.with_suffix(".parquet")
        return (
            "a pickle runs what is in it, so it is not opened: where you trust it, convert it by "
            f'python -c "import pandas; pandas.read_pickle({str(path)!r}).to_parquet({str(target)!r})"'
        )
    return f"not one of {_KNOWN}: save it as one of them"
