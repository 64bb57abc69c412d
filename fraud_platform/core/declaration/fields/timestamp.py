"""Times, however a message writes them."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from msgspec import Meta
from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.faults import Fault, quoted
from fraud_platform.core.declaration.fields.field import Field, Path, split_path

UNKNOWN = int(np.iinfo(np.int64).min)
EpochUnit = Literal["s", "ms", "us", "ns"]
TimeUnit = Literal["s", "ms", "us", "ns", "h"]
Epoch = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}(Z|[+-][0-9]{2}:[0-9]{2})$(?!\n)",
        description="a time with its offset, such as 2013-09-01T00:00:00Z",
    ),
]
_DIRECTIVES = frozenset("YmdHMSfzyjbBIp")
"""Of strptime, those that read the same in every locale or are plain English."""


class Timestamp(Field, tag="timestamp", frozen=True):
    """A time: ISO 8601 text with its offset, unless unit, format or zone say otherwise."""

    EVENT_TYPE: ClassVar[str] = "<i8"

    role: Literal["time"] | None = None
    unit: TimeUnit | None = None
    """Of whole numbers since the epoch."""
    epoch: Epoch | None = None
    """What numbers count from; by default 1970-01-01T00:00:00Z."""
    members: Annotated[tuple[Path, ...], Meta(min_length=2, max_length=8)] | None = None
    """Instead of path: the members whose texts, in this order and with spaces between them, format reads."""
    format: Annotated[str, Meta(max_length=60)] | None = None
    """Of text that is not ISO 8601, as in strptime: "%d/%m/%Y %H:%M"."""
    zone: (
        Annotated[
            str, Meta(pattern=r"^(UTC|[A-Za-z_]+(/[A-Za-z0-9_+-]+){1,2})$(?!\n)", description="such as Europe/Berlin")
        ]
        | None
    ) = None
    """Of text that has no offset."""

    @property
    def sources(self) -> tuple[tuple[str, ...], ...]:
        return tuple(map(split_path, self.members)) if self.members else super().sources

    @property
    def epoch_ms(self) -> int:
        """What numbers count from, in milliseconds since 1970-01-01 UTC."""
        return 0 if self.epoch is None else round(datetime.fromisoformat(self.epoch).timestamp() * 1_000)

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
        yield from self._faults_of_epoch()
        yield from self._faults_of_members()
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

    def _faults_of_epoch(self) -> Iterator[Fault]:
        if self.epoch is None:
            return
        if self.unit is None:
            yield Fault("epoch", "epoch is for numbers: add what they count, such as unit: s")
        try:
            datetime.fromisoformat(self.epoch)
        except ValueError:
            yield Fault("epoch", f"{self.epoch} is no time of the calendar")

    def _faults_of_members(self) -> Iterator[Fault]:
        if self.members is None:
            return
        if self.path is not None:
            yield Fault("members", "members stand instead of path: leave one or the other out")
        if len(set(self.members)) < len(self.members):
            yield Fault("members", "a member is listed twice")
        if self.unit is not None:
            yield Fault("members", "unit is for one number, members are for text: leave one or the other out")
        elif self.format is None:
            yield Fault("members", "members need a format of their texts with spaces between them: '%Y %m %d %H:%M'")
