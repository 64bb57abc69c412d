"""The stream's Python stage as a pure function: statuses, order, and equality with the kernel."""

import numpy as np
import pyarrow as pa

from fraud_platform.messages.transactions import DECODER
from fraud_platform.storage.arrow_bytes import values_of
from fraud_platform_tests.support.bad_messages import BAD_MESSAGES, EVENT_TIME_MS, KEY
from fraud_platform_tests.support.decoded_events import events_of_messages
from fraud_platform_tests.support.message_batch import good, messages, no_history
from fraud_platform_tests.support.simulated_world import KERNEL, LAYOUT
from streaming.batch.features import transform


def features(rows: pa.Table) -> np.ndarray:
    """(n, customer features) of the rows that have them."""
    return values_of(rows["customer_features"].drop_null(), np.float64)


def test_every_message_comes_back_once_with_its_status():
    bad = [(key, value) for key, value, _, _ in BAD_MESSAGES.values()]
    table, _ = transform(messages([good(1), *bad, good(2), good(1)]), no_history)
    rows = table.to_pydict()
    assert rows["offset"] == list(range(len(bad) + 3))
    assert rows["status"] == ["scored", *["rejected"] * len(bad), "scored", "duplicate"]
    assert rows["field"][1:-2] == [field for _, _, field, _ in BAD_MESSAGES.values()]
    assert rows["value"][1:-2] == [value for _, value in bad]
    assert rows["key"][1:-2] == [key for key, _ in bad]
    assert rows["transaction_id"][-2:] == ["T2", "T1"]
    assert rows["value"][-2:] == [None, None]


def test_features_equal_the_kernel_on_all_events_whatever_the_batches():
    batches = [[good(1), good(2)], [(KEY, b"x"), good(3)], [good(4)]]
    history, streamed, offset = LAYOUT.empty, [], 0
    for batch in batches:
        rows, kept = transform(messages(batch, offset), lambda _, history=history: history)
        history = np.concatenate((history, kept))
        streamed.append(features(rows))
        offset += len(batch)
    keys, values = zip(*(good(i) for i in range(1, 5)), strict=True)
    times_ms = [EVENT_TIME_MS] * 4
    events = events_of_messages(DECODER.decode(keys, values, times_ms).columns, times_ms)
    expected = KERNEL.features(LAYOUT.empty, events).values
    np.testing.assert_array_equal(np.concatenate(streamed), expected)


def test_history_is_asked_for_once_for_the_customers_of_the_batch():
    asked = []
    transform(messages([good(1), (KEY, b"x"), good(2)]), lambda customers: asked.append(customers) or LAYOUT.empty)
    assert [len(customers) for customers in asked] == [1]


def test_a_batch_of_rejected_messages_only_keeps_nothing():
    rows, kept = transform(messages([(KEY, b"x"), (None, None)], 1), no_history)
    assert rows["status"].to_pylist() == ["rejected", "rejected"]
    assert len(kept) == 0
