"""Times, however a message writes them."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from msgspec import Meta
from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.faults import Fault, quoted
from fraud_platform.core.declaration.fields.field import Field

UNKNOWN = int(np.iinfo(np.int64).min)
EpochUnit = Literal["s", "ms", "us", "ns"]
_DIRECTIVES = frozenset("YmdHMSfzyjbBIp")
"""Of strptime, those that read the same in every locale or are plain English."""


class Timestamp(Field, tag="timestamp", frozen=True):
    """A time: ISO 8601 text with its offset, unless unit, format or zone say otherwise."""

    EVENT_TYPE: ClassVar[str] = "<i8"

    role: Literal["time"] | None = None
    unit: EpochUnit | None = None
    """Of whole numbers since 1970-01-01 UTC."""
    format: Annotated[str, Meta(max_length=60)] | None = None
    """Of text that is not ISO 8601, as in strptime: "%d/%m/%Y %H:%M"."""
    zone: (
        Annotated[str, Meta(pattern=r"^(UTC|[A-Za-z_]+(/[A-Za-z0-9_+-]+){1,2})$", description="such as Europe/Berlin")]
        | None
    ) = None
    """Of text that has no offset."""

    def encoded(self, values: Any) -> NDArray[np.int64]:
        """Milliseconds since 1970-01-01 UTC (n,); UNKNOWN where there is none."""
        times = np.asarray(values)
        if times.dtype.kind in "iu":
            return times.astype(np.int64)
        missing = pd.isna(times)
        return np.where(missing, UNKNOWN, np.where(missing, 0, times).astype(np.int64))

    def is_known(self, encoded: NDArray[Any]) -> NDArray[np.bool_]:
        return encoded != UNKNOWN

    def as_floats(self, encoded: NDArray[Any]) -> Floats:
        return np.where(encoded == UNKNOWN, np.nan, encoded.astype(np.float64))

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        if self.unit is not None and (self.format is not None or self.zone is not None):
            yield Fault("unit", "unit is for numbers, format and zone are for text: leave one or the other out")
        if self.format is None:
            return
        directives = re.findall("%(.?)", self.format.replace("%%", ""))
        if unknown := [letter for letter in directives if letter not in _DIRECTIVES]:
            yield Fault(
                "format", f"{quoted('%' + unknown[0])} is not read: a format has %Y %m %d %H %M %S %f %z and text"
            )
        elif not {"Y", "y"} & set(directives):
            yield Fault("format", "without a year (%Y) it is no time")
        if "z" not in directives and self.zone is None:
            yield Fault("format", "times without offset (%z) need a zone, such as zone: UTC")
