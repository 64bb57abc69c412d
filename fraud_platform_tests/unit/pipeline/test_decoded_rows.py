"""Every message becomes one row: accepted with its fields, or rejected with its bytes, field and reason."""

import pyarrow as pa
import pytest

from fraud_platform.messages.arrow_schemas import LABEL_OR_REJECTED, TRANSACTION_OR_REJECTED
from fraud_platform.pipeline.decoded_rows import label_rows, transaction_rows
from fraud_platform_tests.support.bad_messages import BAD_MESSAGES, EVENT_TIME_MS, KEY, valid


def batch(messages: list[tuple[bytes | None, bytes | None]]) -> pa.RecordBatch:
    n = len(messages)
    return pa.RecordBatch.from_pydict(
        {
            "date": pa.array([0] * n, pa.int32()).cast(pa.date32()),
            "topic": pa.repeat("topic", n),
            "kafka_partition": pa.array([2] * n, pa.int32()),
            "kafka_offset": pa.array(range(n), pa.int64()),
            "kafka_timestamp_ms": pa.array([EVENT_TIME_MS] * n, pa.int64()),
            "key": pa.array([key for key, _ in messages], pa.binary()),
            "value": pa.array([value for _, value in messages], pa.binary()),
            "passed_over": pa.nulls(n, pa.string()),
        }
    )


def decoded(messages, rows=transaction_rows, schema=TRANSACTION_OR_REJECTED) -> list[dict]:
    table = rows(batch(messages)).select(schema.names).cast(schema)
    return table.sort_by("kafka_offset").to_pylist()


@pytest.mark.parametrize("name", BAD_MESSAGES)
def test_a_bad_message_between_good_ones_is_rejected_alone(name):
    key, value, field, reason = BAD_MESSAGES[name]
    first, bad, last = decoded([(KEY, valid()), (key, value), (KEY, valid(transaction_id="T2"))])
    assert (first["transaction_id"], first["reason"]) == ("T1", None)
    assert (last["transaction_id"], last["kafka_offset"]) == ("T2", 2)
    assert (bad["topic"], bad["key"], bad["value"], bad["field"]) == ("topic", key, value, field)
    assert reason in bad["reason"]
    assert bad["transaction_id"] is None


@pytest.mark.parametrize("messages", [[], [(KEY, valid())], [(KEY, b"hello")]], ids=["none", "good", "bad"])
def test_batches_of_one_kind_have_all_columns(messages):
    assert len(decoded(messages)) == len(messages)


def test_labels_are_decoded_by_their_own_contract():
    report = b'{"schema_version":1,"transaction_id":"T1","is_fraud":true,"reported_at_ms":%d}'
    good, late = decoded(
        [(b"T1", report % EVENT_TIME_MS), (b"T1", report % (EVENT_TIME_MS + 600_000))], label_rows, LABEL_OR_REJECTED
    )
    assert (good["is_fraud"], good["reported_at_ms"]) == (True, EVENT_TIME_MS)
    assert late["field"] == "reported_at_ms"
