"""A folder of labelled files as one frame: for benchmarks, which need all rows at once."""

from pathlib import Path

import pandas as pd

from fraud_platform.errors import ConfigurationError
from fraud_platform.storage.column_mapping import ColumnMapping
from fraud_platform.storage.labelled_file import find_period, open_file, read_period


def read_folder(folder: Path, mapping: ColumnMapping) -> pd.DataFrame:
    """Transactions of all Parquet and CSV files in a folder: the fields that the mapping fills, and is_fraud.

    Raises ConfigurationError where there is no such file, or one of them cannot be read.
    """
    paths = sorted(path for path in folder.glob("*") if path.suffix in (".parquet", ".csv"))
    if not paths:
        raise ConfigurationError(f"{folder} has neither .parquet nor .csv files: name the folder of the transactions")
    parts: list[pd.DataFrame] = []
    for path in paths:
        rows = open_file(path, mapping)
        parts += read_period(rows, mapping, find_period(rows, mapping))
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(is_fraud=frame.pop("reported_at_ms") >= 0)
