"""Kafka messages → columns of a declaration's fields, or for each message why it is none.

Messages are read one by one in C and judged by whole columns. What is in doubt then is judged once more by itself,
and that judgement counts: `TransactionDecoder.fault` is the contract, the columns are how most messages avoid it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import msgspec

from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.declaration.fields.field import AS_WRITTEN, split_path
from fraud_platform.messages.declared.aliases import reading_aliases
from fraud_platform.messages.declared.columns import field_column, field_columns
from fraud_platform.messages.declared.envelope import Envelope
from fraud_platform.messages.declared.members import layout_of_declaration
from fraud_platform.messages.declared.names import in_doubt
from fraud_platform.messages.declared.records import Flat, record_of
from fraud_platform.messages.declared.rules import Rules
from fraud_platform.messages.decoding import Rejection
from fraud_platform.messages.diagnosis import Fault, bounded, diagnose, hidden_fault

T = TypeVar("T")
AT_ONCE = 512
"""Messages that are judged together: what is read of them stays in a core's cache, which matters more than anything."""


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


class _Part(NamedTuple):
    """Some messages of a batch."""

    first: int
    """Index of the first of them in the batch."""
    keys: Sequence[bytes | None]
    values: Sequence[bytes | None]
    times_ms: Sequence[int]
    passed_over: Sequence[str | None]
    """Empty where none is."""

    def seen(self) -> Sequence[bytes | None]:
        """The values, without those that are passed over."""
        if not self.passed_over:
            return self.values
        return [value if why is None else None for value, why in zip(self.values, self.passed_over, strict=True)]

    def others(self, numbers: list[int]) -> set[int]:
        return set(range(len(self.values))).difference(numbers) if len(numbers) < len(self.values) else set()


class TransactionDecoder:
    """Reads the messages of one declaration. No bytes, key or time make it raise."""

    def __init__(self, declaration: Declaration) -> None:
        self._fields = declaration.world.fields
        self._record = record_of(declaration)
        self._layout = layout_of_declaration(declaration)
        read = msgspec.json.Decoder(self._record.struct, float_hook=AS_WRITTEN).decode
        self._read = reading_aliases(read, self._layout.by_path)
        self._rules = Rules(declaration.world)
        path = declaration.header.message.envelope
        self._envelope = Envelope(split_path(path)) if path else None

    def decode(
        self,
        keys: Sequence[bytes | None],
        values: Sequence[bytes | None],
        timestamps_ms: Iterable[int],
        passed_over: Sequence[str | None] | None = None,
    ) -> Decoded:
        """Decode and validate messages. passed_over: for each why it is rejected unseen, None for those to look at."""
        times_ms, passed = list(timestamps_ms), passed_over or ()
        if self._envelope is not None:
            values, passed = self._envelope.all_opened(values, passed)
        if not len(keys) == len(values) == len(times_ms) or len(passed) not in (0, len(values)):
            raise ValueError("keys, values, timestamps and what is passed over differ in length")
        whole = Decoded([], {field.name: [] for field in self._fields}, [])
        for first in range(0, len(values), AT_ONCE):
            part = slice(first, first + AT_ONCE)
            self._decode_part(_Part(first, keys[part], values[part], times_ms[part], passed[part]), whole)
        return whole

    def _decode_part(self, part: _Part, whole: Decoded) -> None:
        """Add what becomes of some messages."""
        read, columns, doubtful = self._judged_by_columns(part)
        faults = {i: self._fault_or_passed(part, i) for i in sorted(doubtful.union(part.others(read)))}
        rejected = {i: fault for i, fault in faults.items() if fault is not None}
        whole.rejections.extend(Rejection(part.first + i, *fault) for i, fault in rejected.items())
        if rejected:
            kept = [j for j, i in enumerate(read) if i not in rejected]
            read, columns = [read[j] for j in kept], {name: _taken(column, kept) for name, column in columns.items()}
        whole.accepted.extend([part.first + i for i in read])
        for name, column in columns.items():
            whole.columns[name].extend(column)

    def _fault_or_passed(self, part: _Part, i: int) -> Fault | None:
        why = part.passed_over[i] if part.passed_over else None
        if why is not None:
            return bounded(Fault("value", why))
        return self._fault(part.keys[i], part.values[i], part.times_ms[i])

    def fault(self, key: bytes | None, value: bytes | None, timestamp_ms: int) -> Fault | None:
        """What is wrong with one message."""
        if self._envelope is not None:
            value, why = self._envelope.opened(value)
            if why is not None:
                return bounded(Fault("value", why))
        return self._fault(key, value, timestamp_ms)

    def _fault(self, key: bytes | None, value: bytes | None, timestamp_ms: int) -> Fault | None:
        try:
            flat = self._record.flatten([self._read(value)], Flat())  # type: ignore[arg-type]
            columns = {field.name: field_column(field, flat) for field in self._fields}
            fault = self._rules.fault(columns, key, timestamp_ms)
            if fault is None and in_doubt([value], flat):
                fault = hidden_fault(value)  # type: ignore[arg-type]
        except Exception:  # whatever it is, the message is what it is about
            return diagnose(value, self._layout)
        return bounded(fault) if fault else None

    def _judged_by_columns(self, part: _Part) -> tuple[list[int], dict[str, Sequence[Any]], set[int]]:
        """Numbers of the messages that fit the fields' types, their columns, and numbers of those to look at again."""
        read, structs = self._structs(part)
        while True:
            flat = self._record.flatten(structs, Flat())
            columns, unsound = field_columns(self._fields, flat)
            if not unsound:
                break
            sound = [j for j in range(len(read)) if j not in unsound]
            read, structs = [read[j] for j in sound], [structs[j] for j in sound]
        doubtful = self._rules.in_doubt(columns, _taken(part.keys, read), _taken(part.times_ms, read))
        doubtful.update(in_doubt(_taken(part.values, read), flat))
        return read, columns, {read[j] for j in doubtful}

    def _structs(self, part: _Part) -> tuple[list[int], list[msgspec.Struct]]:
        """Numbers of the messages that could be read, and what they are."""
        structs: list[msgspec.Struct] = []
        read, unread = self._read, set()
        for i, value in enumerate(part.seen()):
            try:
                structs.append(read(value))  # type: ignore[arg-type]
            except Exception:  # `fault` says what it is
                unread.add(i)
        return [i for i in range(len(part.values)) if i not in unread], structs


def _taken(column: Sequence[T], numbers: list[int]) -> Sequence[T]:
    return column if len(numbers) == len(column) else [column[i] for i in numbers]
