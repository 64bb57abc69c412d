"""Reading topics that the platform writes itself, and that others may have written to: what is no record is skipped.

It is never skipped in silence: the log names it once, by place and fault, and the reader counts it.
"""

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

log = logging.getLogger(__name__)

MOST_BYTES = 1_000_000
"""A longer value is no record of ours; Kafka's own default lies a little higher."""
MOST_NAMED = 3
"""Places that one line of the log names; it counts the others."""
MOST_TEXT = 160
"""Characters of a message's text that are repeated."""

_named: dict[tuple[str, int], int] = {}
"""Topic and partition → the last offset that the log of this process has named: readers come back every second."""
R = TypeVar("R")


class TolerantReader(Generic[R]):
    """Decodes the values of one topic."""

    def __init__(
        self, topic: str, kind: type[R], fault: Callable[[R], str | None] = lambda record: None, most: int = MOST_BYTES
    ) -> None:
        """fault: what is wrong with a record although it has all fields; None where nothing is. most: bytes."""
        self._topic, self._fault, self._most = topic, fault, most
        self._decode = msgspec.json.Decoder(kind).decode
        self.skipped = 0
        self._unnamed = 0
        self._faults: list[str] = []

    def decode(self, partition: int | None, offset: int | None, value: bytes | None) -> R | None:
        """The record; None where the value is none."""
        try:
            if not value:
                raise ValueError("has no value")
            if len(value) > self._most:
                raise ValueError(f"has {len(value):,} bytes, more than {self._most:,}")
            record = self._decode(value)
            if fault := self._fault(record):
                raise ValueError(fault)
            return record
        except Exception as error:  # whatever it is, the message is what it is about
            self._skip(partition or 0, offset or 0, error)
            return None

    def _skip(self, partition: int, offset: int, error: Exception) -> None:
        self.skipped += 1
        place = self._topic, partition
        if offset > _named.get(place, -1):
            _named[place] = offset
            self._unnamed += 1
            if len(self._faults) < MOST_NAMED:
                self._faults.append(f"{partition}/{offset}: {printable(str(error))}")

    def tell(self) -> None:
        """Name in the log what was skipped since the last call and has not been named before."""
        if self._unnamed:
            others = f"; and {self._unnamed - len(self._faults):,} more" if self._unnamed > len(self._faults) else ""
            log.warning(
                "%s messages of %s are no records and are skipped (partition/offset): %s%s",
                f"{self._unnamed:,}",
                self._topic,
                "; ".join(self._faults),
                others,
            )
        self._unnamed, self._faults = 0, []


def printable(text: str, most: int = MOST_TEXT) -> str:
    """Text of a message as a log or a header can take it: short, on one line, without control characters."""
    short = text if len(text) <= most else f"{text[: most - 1]}…"
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in short)
