"""Times, however a message writes them."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import pyarrow as pa
from msgspec import Meta

from fraud_platform.core.declaration.faults import Fault, quoted
from fraud_platform.core.declaration.fields.field import Field

EpochUnit = Literal["s", "ms", "us", "ns"]
FIRST_MS, FIRST_OF_TRANSACTIONS_MS = 0, 946_684_800_000
"""1970, and for the role time 2000: a time in seconds that is declared as one in milliseconds lies before that."""
LAST_MS = 4_102_444_800_000  # 2100-01-01
LONGEST_TEXT = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_DIRECTIVES = frozenset("YmdHMSfzyjbBIp")
"""Of strptime, those that read the same in every locale or are plain English."""


class Timestamp(Field, tag="timestamp", frozen=True):
    """A time: ISO 8601 text with its offset, unless unit, format or zone say otherwise.

    Its column has milliseconds since 1970-01-01 UTC; what is finer is cut off. Where clocks go back, a text
    without offset stands for two times, and the first is taken. Where they go forward, a text between is no
    time on any clock there, and is read with the offset before: 02:30 as half an hour after the change. So
    the same text is always the same time, and no transaction is lost to the change.
    """

    ARROW_TYPE: ClassVar[pa.DataType] = pa.int64()

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

    @property
    def json_type(self) -> Any:
        if self.unit is not None:
            first, last = (bound * _PER_SECOND[self.unit] // 1000 for bound in (self._first_ms, LAST_MS))
            return Annotated[int, Meta(ge=first, le=last)]
        if self.format is not None:
            return Annotated[str, Meta(min_length=1, max_length=LONGEST_TEXT)]
        return datetime if self.zone is not None else Annotated[datetime, Meta(tz=True)]

    def column(self, decoded: Sequence[Any]) -> Sequence[Any]:
        if self.unit == "ms":
            return decoded
        if self.unit == "s":
            return [seconds * 1000 for seconds in decoded]
        if self.unit is not None:
            per_ms = _PER_SECOND[self.unit] // 1000
            return [time // per_ms for time in decoded]
        times = decoded if self.format is None else [self._parsed(text) for text in decoded]
        if self.zone is not None:
            zone = ZoneInfo(self.zone)
            times = [time if time.tzinfo else time.replace(tzinfo=zone) for time in times]
        times_ms = [(time - _EPOCH) // _MILLISECOND for time in times]
        if times_ms and not self._first_ms <= min(times_ms) <= max(times_ms) <= LAST_MS:
            raise ValueError(f"expected a time from {2000 if self.role else 1970} to 2099")
        return times_ms

    @property
    def message_schema(self) -> dict[str, Any]:
        if self.unit is not None:
            return super().message_schema | {"description": f"{self.unit} since 1970-01-01 UTC"}
        if self.zone is None and self.format is None:
            return super().message_schema
        how = "ISO 8601" if self.format is None else f"format {self.format}"
        where = f", local time of {self.zone} where it has no offset" if self.zone else ""
        return {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT, "description": how + where}

    @property
    def _first_ms(self) -> int:
        return FIRST_OF_TRANSACTIONS_MS if self.role == "time" else FIRST_MS

    def _parsed(self, text: str) -> datetime:
        assert self.format is not None
        try:
            if text.isascii():  # strptime takes the digits of other scripts, too
                return datetime.strptime(text, self.format)
        except ValueError:
            pass
        raise ValueError(f"is no time of the format {self.format}")

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        if self.zone is not None and not _is_known(self.zone):
            yield Fault("zone", f"there is no time zone {quoted(self.zone)}: write it as Europe/Berlin")
        if self.unit is not None and (self.format is not None or self.zone is not None):
            yield Fault("unit", "unit is for numbers, format and zone are for text: leave one or the other out")
        if self.format is None:
            return
        directives = re.findall("%(.?)", self.format.replace("%%", ""))
        if unknown := [letter for letter in directives if letter not in _DIRECTIVES]:
            yield Fault(
                "format", f"{quoted('%' + unknown[0])} is not read: a format has %Y %m %d %H %M %S %f %z and text"
            )
        elif len(set(directives)) < len(directives):
            yield Fault("format", "a format has each of its directives once")
        elif not {"Y", "y"} & set(directives):
            yield Fault("format", "without a year (%Y) it is no time")
        if "z" not in directives and self.zone is None:
            yield Fault("format", "times without offset (%z) need a zone, such as zone: UTC")


def _is_known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, LookupError):  # the zones are files, and a name may lead to none or to a folder
        return False
    return True
