"""What a declaration says of labels: which column tells frauds, by which values, and when they were reported."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from fraud_platform.core.declaration.faults import Fault
from fraud_platform.core.declaration.fields.field import Path, column_of_path, split_path
from fraud_platform.core.declaration.fields.timestamp import EpochUnit, TimeFormat, Timestamp, ZoneName

LabelValue = bool | int | float | str
LabelValues = Annotated[tuple[LabelValue, ...], Meta(min_length=1, max_length=100)]
FRAUD = ("1", "true", "yes", "t", "y")
LEGITIMATE = ("0", "false", "no", "f", "n")
"""What a label says where the declaration has no values of its own, in small letters."""


class Labels(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Members of a fraud report."""

    transaction: Path
    is_fraud: Path
    reported_at: Path
    """ISO 8601 text with its offset, unless unit, format or zone say otherwise."""
    unit: EpochUnit | None = None
    """Of whole numbers since 1970-01-01 UTC."""
    format: TimeFormat | None = None
    """Of text that is not ISO 8601, as in strptime."""
    zone: ZoneName | None = None
    """Of text that has no offset; by default that of the time of the transaction."""
    key: Path | None = None
    fraud: LabelValues | None = None
    """Values of is_fraud that stand for a fraud, whatever their case."""
    legitimate: LabelValues | None = None
    """Values that stand for none."""

    @property
    def is_fraud_by_text(self) -> dict[str, bool]:
        """Each value that a label may have, as `label_text` writes it."""
        fraud, legitimate = self.fraud or FRAUD, self.legitimate or LEGITIMATE
        return dict.fromkeys(map(label_text, legitimate), False) | dict.fromkeys(map(label_text, fraud), True)

    @property
    def columns(self) -> tuple[str, str]:
        """Of a file: that of is_fraud, and that of reported_at."""
        return column_of_path(split_path(self.is_fraud)), column_of_path(split_path(self.reported_at))

    def reported(self, zone: str | None) -> Timestamp:
        """The field that reads reported_at. zone: of text without an offset, where labels have none."""
        is_text = self.unit is None
        return Timestamp(
            name="reported_at",
            path=self.reported_at,
            unit=self.unit,
            format=self.format,
            zone=self.zone or (zone if is_text else None),
        )

    def faults(self) -> Iterator[Fault]:
        """What contradicts itself."""
        if (self.fraud is None) != (self.legitimate is None):
            yield Fault("fraud" if self.legitimate is None else "legitimate", "fraud and legitimate go together")
        if both := sorted({*map(label_text, self.fraud or ())} & {*map(label_text, self.legitimate or ())}):
            yield Fault("fraud", f"{', '.join(both)} cannot be fraud and legitimate: take it from one of the two")
        # Without a zone of its own it may have that of the time, which is not known here.
        yield from self.reported("UTC").faults()


def label_text(value: object) -> str:
    """A label as text, in small letters; 1.0 and 1 are the same.

    >>> label_text(1.0), label_text(True), label_text(" No ")
    ('1', 'true', 'no')
    """
    text = str(value).strip().casefold()
    whole, point, places = text.partition(".")
    return whole if point and whole.isdecimal() and not places.strip("0") else text
