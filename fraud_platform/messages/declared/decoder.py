"""Kafka messages → columns of a declaration's fields, or for each message why it is none.

Messages are read one by one in C and judged by whole columns. What is in doubt then is judged once more by itself,
and that judgement counts: `TransactionDecoder.fault` is the contract, the columns are how most messages avoid it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.declaration.fields.field import Field
from fraud_platform.messages.declared.members import layout_of_declaration
from fraud_platform.messages.declared.names import in_doubt
from fraud_platform.messages.declared.records import Flat, record_of
from fraud_platform.messages.declared.rules import Rules
from fraud_platform.messages.decoding import Rejection
from fraud_platform.messages.diagnosis import Fault, bounded, diagnose, hidden_fault

T = TypeVar("T")


@dataclass(frozen=True)
class Decoded:
    """What became of a batch of messages."""

    accepted: list[int]
    """Indices of the accepted messages."""
    columns: dict[str, list[Any]]
    """Their fields, in the order of the declaration: text, float, bool, whole units of a decimal, ms of a timestamp.

    None, or the default, where the message has null or nothing.
    """
    rejections: list[Rejection]
    """One for each of the other messages, in their order."""


class TransactionDecoder:
    """Reads the messages of one declaration. No bytes, key or time make it raise."""

    def __init__(self, declaration: Declaration) -> None:
        self._fields = declaration.world.fields
        self._record = record_of(declaration)
        self._read = msgspec.json.Decoder(self._record.struct, float_hook=Decimal).decode
        self._layout = layout_of_declaration(declaration)
        self._rules = Rules(declaration.world)

    def decode(
        self,
        keys: Sequence[bytes | None],
        values: Sequence[bytes | None],
        timestamps_ms: Iterable[int],
        passed_over: Sequence[str | None] | None = None,
    ) -> Decoded:
        """Decode and validate messages. passed_over: for each why it is rejected unseen, None for those to look at."""
        times_ms, passed = list(timestamps_ms), passed_over or [None] * len(keys)
        seen = [value if why is None else None for value, why in zip(values, passed, strict=True)]
        read, columns, doubtful = self._judged_by_columns(keys, seen, times_ms)
        rejections: list[Rejection] = []
        for i in sorted(doubtful.union(_others(read, len(seen)))):
            why = passed[i]
            fault = self.fault(keys[i], values[i], times_ms[i]) if why is None else bounded(Fault("value", why))
            if fault is not None:
                rejections.append(Rejection(i, *fault))
        if not rejections:
            return Decoded(read, columns, rejections)
        rejected = {rejection.index for rejection in rejections}
        kept = [j for j, i in enumerate(read) if i not in rejected]
        columns = {name: [column[j] for j in kept] for name, column in columns.items()}
        return Decoded([read[j] for j in kept], columns, rejections)

    def fault(self, key: bytes | None, value: bytes | None, timestamp_ms: int) -> Fault | None:
        """What is wrong with one message."""
        try:
            flat = self._record.flatten([self._read(value)], Flat())  # type: ignore[arg-type]
            columns = {field.name: in_column(field, flat.fields[field.name]) for field in self._fields}
            fault = self._rules.fault(columns, key, timestamp_ms)
            if fault is None and in_doubt([value], flat):  # type: ignore[list-item]
                fault = hidden_fault(value)  # type: ignore[arg-type]
        except Exception:  # whatever it is, the message is what it is about
            return diagnose(value, self._layout)
        return bounded(fault) if fault else None

    def _judged_by_columns(
        self, keys: Sequence[bytes | None], values: Sequence[bytes | None], times_ms: Sequence[int]
    ) -> tuple[list[int], dict[str, list[Any]], set[int]]:
        """Indices of the messages that fit the fields' types, their columns, and indices of those to look at again."""
        structs = self._structs(values)
        while True:
            read = list(structs)
            flat = self._record.flatten(list(structs.values()), Flat())
            columns, unsound = self._columns(flat)
            if not unsound:
                break
            for j in unsound:
                del structs[read[j]]
        doubtful = self._rules.in_doubt(columns, _taken(keys, read), _taken(times_ms, read))
        doubtful.update(in_doubt(_taken(values, read), flat))
        return read, columns, {read[j] for j in doubtful}

    def _structs(self, values: Sequence[bytes | None]) -> dict[int, msgspec.Struct]:
        """What could be read, by index."""
        read, structs = self._read, {}
        for i, value in enumerate(values):
            try:
                structs[i] = read(value)  # type: ignore[arg-type]
            except Exception:  # noqa: S112  # `fault` says what it is
                continue
        return structs

    def _columns(self, flat: Flat) -> tuple[dict[str, list[Any]], set[int]]:
        """A column for each field, and the numbers of the messages that have a value which is none of its field's."""
        columns: dict[str, list[Any]] = {}
        unsound: set[int] = set()
        for field in self._fields:
            try:
                columns[field.name] = in_column(field, flat.fields[field.name])
            except Exception:
                unsound |= _unsound(field, flat.fields[field.name])
        return columns, unsound


def _taken(column: Sequence[T], indices: list[int]) -> Sequence[T]:
    return column if len(indices) == len(column) else [column[i] for i in indices]


def _others(indices: list[int], length: int) -> set[int]:
    return set(range(length)).difference(indices) if len(indices) < length else set()


def in_column(field: Field, decoded: Sequence[Any]) -> list[Any]:
    """Values of a field's column from what msgspec read. Raises whatever the field raises."""
    if not field.optional or None not in decoded:
        return field.column(list(decoded))
    there = iter(field.column([value for value in decoded if value is not None]))
    default = field.default_in_column
    return [default if value is None else next(there) for value in decoded]


def _unsound(field: Field, decoded: Sequence[Any]) -> set[int]:
    """Numbers of the values that the field refuses, of which there is one."""
    found: set[int] = set()
    for i, value in enumerate(decoded):
        try:
            in_column(field, [value])
        except Exception:
            found.add(i)
    return found
