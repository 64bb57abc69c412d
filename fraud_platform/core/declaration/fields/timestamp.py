"""Times, however a message writes them."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from msgspec import Meta
from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.faults import Fault, quoted
from fraud_platform.core.declaration.fields.field import Field, Path, split_path
from fraud_platform.core.declaration.fields.time_reading import (
    is_zone,
    ms_of_numbers,
    ms_of_times,
    numbers_between,
    time_of_format,
)

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
TimeFormat = Annotated[str, Meta(max_length=60)]
ZoneName = Annotated[
    str, Meta(pattern=r"^(UTC|[A-Za-z_]+(/[A-Za-z0-9_+-]+){1,2})$(?!\n)", description="such as Europe/Berlin")
]
FIRST_MS, FIRST_OF_TRANSACTIONS_MS = 0, 946_684_800_000
"""1970, and for the role time 2000: a time in seconds that is declared as one in milliseconds lies before that."""
LAST_MS = 4_102_444_800_000  # 2100-01-01
LONGEST_TEXT = 100
_DIRECTIVES = frozenset("YmdHMSfzyjbBIp")
"""Of strptime, those that read the same in every locale or are plain English."""


class Timestamp(Field, tag="timestamp", frozen=True):
    """A time: ISO 8601 text with its offset, unless unit, format or zone say otherwise.

    Its column has milliseconds since 1970-01-01 UTC; what is finer is cut off. Where clocks go back, a text
    without offset stands for two times, and the first is taken. Where they go forward, a text between is no
    time on any clock there, and is read with the offset before: 02:30 as half an hour after the change. So
    the same text is always the same time, and no transaction is lost to the change.
    """

    EVENT_TYPE: ClassVar[str] = "<i8"
    ARROW_TYPE: ClassVar[pa.DataType] = pa.int64()

    role: Literal["time"] | None = None
    unit: TimeUnit | None = None
    """Of whole numbers since the epoch."""
    epoch: Epoch | None = None
    """What numbers count from; by default 1970-01-01T00:00:00Z."""
    members: Annotated[tuple[Path, ...], Meta(min_length=2, max_length=8)] | None = None
    """Instead of path: the members whose texts, in this order and with spaces between them, format reads."""
    format: TimeFormat | None = None
    """Of text that is not ISO 8601, as in strptime: "%d/%m/%Y %H:%M"."""
    zone: ZoneName | None = None
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

    @property
    def json_type(self) -> Any:
        if self.unit is not None:
            least, most = self._numbers
            return Annotated[int, Meta(ge=least, le=most)]
        if self.format is not None:
            return Annotated[str, Meta(min_length=1, max_length=LONGEST_TEXT)]
        return datetime if self.zone is not None else Annotated[datetime, Meta(tz=True)]

    def column(self, decoded: Sequence[Any]) -> Sequence[Any]:
        if self.unit is not None:
            return ms_of_numbers(decoded, self.unit, self.epoch_ms)
        if self.members is not None:
            decoded = [" ".join(texts) for texts in decoded]
        times = decoded if self.format is None else [time_of_format(text, self.format) for text in decoded]
        times_ms = ms_of_times(times, self.zone)
        if times_ms and not self._first_ms <= min(times_ms) <= max(times_ms) <= LAST_MS:
            raise ValueError(f"expected a time from {2000 if self.role else 1970} to 2099")
        return times_ms

    @property
    def message_schema(self) -> dict[str, Any]:
        if self.unit is not None:
            return super().message_schema | {"description": f"{self.unit} since {self.epoch or '1970-01-01 UTC'}"}
        if self.zone is None and self.format is None:
            return super().message_schema
        how = "ISO 8601" if self.format is None else f"format {self.format}"
        of = f" of {', '.join(self.members)} with a space between each two" if self.members else ""
        where = f", local time of {self.zone} where it has no offset" if self.zone else ""
        return {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT, "description": how + of + where}

    @property
    def _first_ms(self) -> int:
        return FIRST_OF_TRANSACTIONS_MS if self.role == "time" else FIRST_MS

    @property
    def _numbers(self) -> tuple[int, int]:
        """Least and largest number of the unit."""
        assert self.unit is not None
        return numbers_between(self._first_ms, LAST_MS, self.unit, self.epoch_ms)

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        yield from self._faults_of_epoch()
        yield from self._faults_of_members()
        if self.zone is not None and not is_zone(self.zone):
            yield Fault("zone", f"there is no time zone {quoted(self.zone)}: write it as Europe/Berlin")
        if self.unit is not None and (self.format is not None or self.zone is not None):
            yield Fault("unit", "unit is for numbers, format and zone are for text: leave one or the other out")
        if self.format is not None:
            yield from self._faults_of_format(self.format)

    def _faults_of_format(self, form: str) -> Iterator[Fault]:
        directives = re.findall("%(.?)", form.replace("%%", ""))
        if unknown := [letter for letter in directives if letter not in _DIRECTIVES]:
            yield Fault(
                "format", f"{quoted('%' + unknown[0])} is not read: a format has %Y %m %d %H %M %S %f %z and text"
            )
        elif len(set(directives)) < len(directives):
            yield Fault("format", "a format has each of its directives once")
        elif not {"Y", "y"} & set(directives):
            yield Fault("format", "without a year (%Y) it is no time")
        elif ("I" in directives) != ("p" in directives):
            yield Fault("format", "hours to 12 (%I) and AM or PM (%p) go together: 24 hours are %H, without %p")
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
            return
        if self.unit is not None and not -(2**63) <= min(self._numbers) <= max(self._numbers) < 2**63:
            yield Fault("epoch", f"{self.unit} from {self.epoch} to 2099 do not fit 64 bits: take a nearer epoch")

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
