"""The order in which a feed sends its messages. Pure: no clock, no Kafka."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from operator import attrgetter

import pandas as pd

from fraud_platform.feeding.messages import (
    REPORT_COLUMNS,
    Disturbances,
    Message,
    report_messages,
    transaction_messages,
)

_send_ms = attrgetter("send_ms")


class Schedule:
    """Messages in the order of their send times, a list for each batch and one for the end.

    Transactions all go out before `until_ms`: a late one that would miss it goes out in
    its last millisecond. Chargebacks from `until_ms` on are left for a later feed, or go
    out at the very end with `flush_labels`.
    """

    def __init__(
        self,
        batches: Iterable[pd.DataFrame],
        until_ms: int,
        *,
        outstanding: pd.DataFrame | None = None,
        disturbances: Disturbances = Disturbances(),  # noqa: B008  frozen
        flush_labels: bool = False,
        flush_until_ms: int | None = None,
    ) -> None:
        """`batches` follow one another in time and are sorted by event_time_ms; besides the fields of a transaction
        they have reported_at_ms, -1 where there is no chargeback. `outstanding` are reports that an earlier feed left
        (REPORT_COLUMNS). flush_until_ms: even `flush_labels` leaves chargebacks from then on for a later feed, since
        Kafka takes none of the future.
        """
        self._batches = batches
        self._until_ms = until_ms
        self._disturbances = disturbances
        self._labels_until_ms = until_ms
        if flush_labels:
            self._labels_until_ms = 2**63 if flush_until_ms is None else max(until_ms, flush_until_ms)
        self.waiting = [] if outstanding is None else report_messages(outstanding)
        """What was not in a list yet; after the last one the chargebacks that are left for a later feed."""

    def __iter__(self) -> Iterator[list[Message]]:
        for batch in self._batches:
            if batch.empty:
                continue
            self.waiting += transaction_messages(batch, self._disturbances)
            self.waiting += report_messages(batch.loc[batch["reported_at_ms"] >= 0, REPORT_COLUMNS])
            self.waiting.sort(key=_send_ms)
            last_ms = min(int(batch["event_time_ms"].iloc[-1]), self._until_ms - 1)
            yield self._take(bisect_right(self.waiting, last_ms, key=_send_ms))
        self.waiting = [
            message if message.kind == "label" else message._replace(send_ms=min(message.send_ms, self._until_ms - 1))
            for message in self.waiting
        ]
        self.waiting.sort(key=_send_ms)
        yield self._take(bisect_left(self.waiting, self._labels_until_ms, key=_send_ms))

    def _take(self, count: int) -> list[Message]:
        taken = self.waiting[:count]
        del self.waiting[:count]
        return taken
