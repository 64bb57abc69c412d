"""The stream's Python stage as a pure function: statuses, order, and equality with the kernel."""

import numpy as np
import pandas as pd

from fraud_platform.core.features.events import COLUMNS, NO_EVENTS, events_from_columns
from fraud_platform.core.features.kernel import customer_features
from fraud_platform.schemas import decode_transactions
from fraud_platform_tests.bad_messages import BAD_MESSAGES, EVENT_TIME_MS, KEY, valid
from streaming.state import CUSTOMER_NAMES, transform


def messages(rows: list[tuple[bytes | None, bytes | None]], first_offset: int = 0) -> pd.DataFrame:
    keys, values = zip(*rows, strict=True)
    offsets = range(first_offset, first_offset + len(rows))
    return pd.DataFrame(
        {"partition": 0, "offset": offsets, "timestamp_ms": EVENT_TIME_MS, "key": keys, "value": values}
    )


def good(i: int) -> tuple[bytes, bytes]:
    return KEY, valid(transaction_id=f"T{i}", amount=float(i), event_time_ms=EVENT_TIME_MS - 60_000 + i)


def test_every_message_comes_back_once_with_its_status():
    bad = [(key, value) for key, value, _, _ in BAD_MESSAGES.values()]
    rows, _ = transform(messages([good(1), *bad, good(2), good(1)]), NO_EVENTS)
    assert rows["offset"].tolist() == list(range(len(bad) + 3))
    assert rows["status"].tolist() == ["scored", *["rejected"] * len(bad), "scored", "duplicate"]
    assert rows["field"].tolist()[1:-2] == [field for _, _, field, _ in BAD_MESSAGES.values()]
    assert rows["value"].tolist()[1:-2] == [value for _, value in bad]
    assert rows["key"].tolist()[1:-2] == [key for key, _ in bad]


def test_features_equal_the_kernel_on_all_events_whatever_the_batches():
    batches = [[good(1), good(2)], [(KEY, b"x"), good(3)], [good(4)]]
    history, streamed, offset = NO_EVENTS, [], 0
    for batch in batches:
        rows, history = transform(messages(batch, offset), history)
        streamed.append(rows[rows["status"] == "scored"])
        offset += len(batch)
    keys, values = zip(*(good(i) for i in range(1, 5)), strict=True)
    _, transactions, _ = decode_transactions(keys, values, [EVENT_TIME_MS] * 4)
    columns = {name: [getattr(t, name) for t in transactions] for name in COLUMNS}
    expected = customer_features(NO_EVENTS, events_from_columns(columns)).values
    np.testing.assert_array_equal(pd.concat(streamed)[CUSTOMER_NAMES].to_numpy(), expected)


def test_a_batch_of_rejected_messages_only_leaves_the_history_alone():
    _, history = transform(messages([good(1)]), NO_EVENTS)
    rows, after = transform(messages([(KEY, b"x"), (None, None)], 1), history)
    assert rows["status"].tolist() == ["rejected", "rejected"]
    np.testing.assert_array_equal(after, history)
