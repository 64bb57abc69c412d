"""What of a schedule is still to be sent: it counts what went out, and leaves out what Kafka has already."""

from collections import Counter, deque
from collections.abc import Iterator, Sequence

import msgspec

from fraud_platform.feeding.messages import Message
from fraud_platform.feeding.schedule import Schedule
from fraud_platform.feeding.state import Outstanding
from fraud_platform.messages.schemas import Label

Seen = tuple[bool, int, bytes | None, bytes | None]
"""Whether it is a report, time, key and value: what tells a message of the feed on Kafka."""
_decode_label = msgspec.json.Decoder(Label).decode
_TRANSACTIONS = ("transaction", "late")


class Unsent:
    """The lists of a schedule without their first `sent` messages and without those that are `there`.

    After each run of messages that was sent, `take` tells it so.
    """

    def __init__(self, schedule: Schedule, sent: int, there: Counter[Seen]) -> None:
        self._schedule = schedule
        self._lists = iter(schedule)
        self._ahead: deque[list[Message]] = deque()
        self._there = there
        self._list: list[Message] = []
        self._places: Sequence[int] = ()
        """Of the messages of `_list` in the schedule."""
        self.end = 0
        """Of the lists so far, in messages of the schedule."""
        self._done = 0
        self._sent = sent
        self.taken = sent
        """Messages of the schedule, from its first on, that went out or had gone out before."""
        self.taken_ms = 0
        """Time of the last one that went out."""
        self.is_exhausted = False

    def __iter__(self) -> Iterator[list[Message]]:
        while (messages := self._next()) is not None:
            start, self.end = self.end, self.end + len(messages)
            if start >= self._sent and not self._there:
                self._list, self._places = messages, range(start, self.end)
            else:
                kept = [(i, m) for i, m in enumerate(messages, start) if i >= self._sent and not self._is_there(m)]
                self._list, self._places = [m for _, m in kept], [i for i, _ in kept]
            self._done = 0
            self._settle()
            yield self._list
        self.is_exhausted = True

    def first_transaction_ms(self) -> int | None:
        """Time of the first transaction; None where there is none. Ask before anything is sent."""
        while (messages := next(self._lists, None)) is not None:
            self._ahead.append(messages)
            if (first := next((m.send_ms for m in messages if m.kind != "label"), None)) is not None:
                return first
        return None

    def take(self, messages: Sequence[Message]) -> None:
        """The next messages went out."""
        self._done += len(messages)
        self.taken_ms = messages[-1].send_ms
        self._settle()

    def reports_left(self) -> list[Outstanding]:
        """The reports that did not go out, on transactions that did."""
        rest = [*self._list[self._done :], *(m for part in self._ahead for m in part), *self._schedule.waiting]
        unsent = {m.transaction_id for m in rest if m.kind in _TRANSACTIONS}
        labels = (_decode_label(m.value) for m in rest if m.kind == "label" and m.transaction_id not in unsent)
        return [Outstanding(label.transaction_id, label.key, label.reported_at_ms) for label in labels]

    def _next(self) -> list[Message] | None:
        return self._ahead.popleft() if self._ahead else next(self._lists, None)

    def _settle(self) -> None:
        """What is left out between what went out and the next one is settled, too."""
        place = self._places[self._done] if self._done < len(self._places) else self.end
        self.taken = max(self.taken, place)

    def _is_there(self, message: Message) -> bool:
        seen = (message.kind == "label", message.send_ms, message.key, message.value)
        if not self._there[seen]:
            return False
        self._there[seen] -= 1
        return True
