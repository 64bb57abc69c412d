"""`fraud replay --check` of small files under any declaration, in this process and without Kafka."""

import gzip
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.core.features.feature_set import FeatureSet
from fraud_platform.feeding.column_mapping import RowFault
from fraud_platform.feeding.declared_rows import DeclaredRows, layout_of, wanted_columns
from fraud_platform.feeding.file_check import check_file, sound_rows
from fraud_platform.feeding.file_rows import open_files
from fraud_platform.feeding.labelled_file import by_time, find_period
from fraud_platform.feeding.messages import VALUE
from fraud_platform.feeding.topic_limits import Limits
from fraud_platform.messages.declared.decoder import TransactionDecoder

NO_LIMITS = Limits("topic", (), (), True)
FIELDS = {
    "id": "{type: id, role: transaction}",
    "customer": "{type: id, role: key}",
    "merchant": "{type: id}",
    "time": "{type: timestamp, role: time, zone: UTC}",
    "amount": "{type: decimal, role: amount, scale: 2, min: 0}",
}


def declaration_text(file: str = "", labels: str = "", **fields: str) -> str:
    """A declaration of few fields; file and labels: options of these sections. A field given as "" is left out."""
    named = "".join(f"  {name}: {options}\n" for name, options in {**FIELDS, **fields}.items() if options)
    of_labels = f"{{transaction: id, is_fraud: fraud, reported_at: reported, key: customer{labels}}}"
    of_file = f"file: {{{file}}}\n" if file else ""
    return f"name: small\nfields:\n{named}labels: {of_labels}\n{of_file}features:\n  - {{value: amount}}\n"


@dataclass
class Checked:
    """What became of a file."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    """Of the rows that can be sent, in their order."""
    decoded: dict[str, list[Any]] = field(default_factory=dict)
    """The same rows as the scorer has them."""
    reported: list[int] = field(default_factory=list)
    """When each is reported as a fraud, milliseconds since 1970 UTC; -1 where it is none."""
    faults: list[RowFault] = field(default_factory=list)
    fault_lines: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)

    def column(self, name: str) -> list[Any]:
        return [message.get(name) for message in self.messages]


def checked(*files: Path, declaration: str = "") -> Checked:
    """Read files by a declaration. Raises ConfigurationError where they cannot be read as a whole."""
    declared = read_declaration(declaration or declaration_text(), "small.yaml")
    decoder = TransactionDecoder(declared)
    opened = open_files(files, layout_of(declared), wanted_columns(declared))
    reader = DeclaredRows(opened.names, feature_set=FeatureSet(declared), decoder=decoder)
    period = find_period(opened, reader, sorts=True)
    rows = opened if period.is_sorted else by_time(opened, reader, files[0].parent)
    told: list[RowFault] = []
    check = check_file(rows, reader, period, NO_LIMITS, NO_LIMITS, on_faults=told.extend)
    found = Checked(faults=told, fault_lines=check.fault_lines(), unused=reader.unused_columns)
    found.notices = [*opened.notices, *reader.notices]
    found.decoded = {name: [] for name in declared.world.names}
    for frame in sound_rows(rows, reader, period, check.rejected):
        values = frame[VALUE].tolist()
        decoded = decoder.decode(
            [key.encode() for key in frame["customer_id"]], values, frame["event_time_ms"].tolist()
        )
        assert decoded.rejections == []
        found.messages += map(json.loads, values)
        found.reported += frame["reported_at_ms"].tolist()
        for name, column in decoded.columns.items():
            found.decoded[name] += column
    return found


def text_file(path: Path, text: str | bytes, encoding: str = "utf-8") -> Path:
    """Written byte for byte; .gz is packed."""
    content = text if isinstance(text, bytes) else text.encode(encoding)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def parquet_file(path: Path, **columns: Any) -> Path:
    """Columns as pyarrow makes them, or as they are where they are Arrow's."""
    parquet.write_table(pa.table(columns), path)
    return path
