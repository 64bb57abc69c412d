"""The order in which a feed sends its messages. Pure: no clock, no Kafka."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from operator import attrgetter

import pandas as pd

from fraud_platform.storage.feed_messages import Disturbances, Message, report_messages, transaction_messages

_send_ms = attrgetter("send_ms")


def schedule(
    batches: Iterable[pd.DataFrame],
    until_ms: int,
    *,
    outstanding: pd.DataFrame | None = None,
    disturbances: Disturbances = Disturbances(),  # noqa: B008  frozen
    flush_labels: bool = False,
) -> Iterator[list[Message]]:
    """Messages in the order of their send times, a list for each batch and one for the end.

    `batches` follow one another in time and are sorted by event_time_ms; besides the
    fields of a transaction they have reported_at_ms, -1 where there is no chargeback.
    `outstanding` are reports that an earlier feed left (transaction_id, reported_at_ms).

    Transactions all go out before `until_ms`: a late one that would miss it goes out in
    its last millisecond. Chargebacks from `until_ms` on are left for a later feed, or go
    out at the very end with `flush_labels`.
    """
    waiting = [] if outstanding is None else report_messages(outstanding)
    for batch in batches:
        if batch.empty:
            continue
        waiting += transaction_messages(batch, disturbances)
        waiting += report_messages(batch.loc[batch["reported_at_ms"] >= 0, ["transaction_id", "reported_at_ms"]])
        waiting.sort(key=_send_ms)
        now = bisect_right(waiting, min(int(batch["event_time_ms"].iloc[-1]), until_ms - 1), key=_send_ms)
        yield waiting[:now]
        del waiting[:now]
    yield from _ending(waiting, until_ms, flush_labels)


def _ending(waiting: list[Message], until_ms: int, flush_labels: bool) -> Iterator[list[Message]]:
    waiting = [
        message if message.kind == "label" else message._replace(send_ms=min(message.send_ms, until_ms - 1))
        for message in waiting
    ]
    waiting.sort(key=_send_ms)
    end = len(waiting) if flush_labels else bisect_left(waiting, until_ms, key=_send_ms)
    yield waiting[:end]
