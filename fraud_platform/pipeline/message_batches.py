"""Messages of a topic read by this process, without Spark: for days whose messages one process holds with ease."""

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
from confluent_kafka import Message

from fraud_platform.errors import ServiceUnavailableError
from fraud_platform.messages.arrow_schemas import MESSAGE, PASSED_OVER
from fraud_platform.messages.passed_over import PassedOver, around, within
from fraud_platform.pipeline.passed_messages import passed_messages
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader
from fraud_platform.storage.kafka_offsets import OffsetRange, read_range, watermarks

BATCH_MESSAGES, BATCH_BYTES = 20_000, 32_000_000
MOST_BYTES = 500_000_000
"""Of the keys and values of all messages together."""
_READ = pa.schema([*MESSAGE, (PASSED_OVER, pa.string())])


class NotForThisProcessError(Exception):
    """The messages are more than this process should hold, or its client cannot give them: Spark is to read them."""


def message_batches(
    settings: Settings, topic: str, offsets: OffsetRange, passed: Sequence[PassedOver]
) -> Iterator[pa.RecordBatch]:
    """Columns MESSAGE and PASSED_OVER of the committed messages in the offset ranges.

    passed: ranges whose messages are not to be looked at. Raises NotForThisProcessError
    beyond MOST_BYTES, and ServiceUnavailableError where Kafka falls silent, or has deleted
    messages of the ranges by the end: the client then begins at the first one that is left, and says nothing.
    """
    size = 0
    with committed_reader(settings) as consumer:
        for piece in around(passed, offsets):
            for some, some_bytes in _parts(read_range(consumer, topic, piece)):
                size += some_bytes
                if size > MOST_BYTES:
                    raise NotForThisProcessError(f"{topic}: over {MOST_BYTES:,} bytes")
                yield _batch(some)
        _refuse_a_gap(topic, offsets, watermarks(consumer, topic))
    if left_out := within(passed, offsets):
        yield from passed_messages(settings, topic, left_out).to_batches()


def _refuse_a_gap(topic: str, offsets: OffsetRange, stored: OffsetRange) -> None:
    for partition, (start, end) in offsets.items():
        first, _ = stored.get(partition, (end, end))
        if start < end and first > start:
            raise ServiceUnavailableError(
                f"Kafka deleted messages of {topic} while they were read (partition {partition}: from offset {start} "
                f"to {min(first, end) - 1}): materialise the days again"
            )


def _parts(messages: Iterable[Message]) -> Iterator[tuple[list[Message], int]]:
    """The messages in lists of bounded length and size, each with its bytes."""
    part: list[Message] = []
    size = 0
    for message in messages:
        part.append(message)
        size += len(message.key() or b"") + len(message.value() or b"")
        if len(part) >= BATCH_MESSAGES or size >= BATCH_BYTES:
            yield part, size
            part, size = [], 0
    if part:
        yield part, size


def _batch(messages: list[Message]) -> pa.RecordBatch:
    columns = (
        [m.partition() for m in messages],
        [m.offset() for m in messages],
        [m.timestamp()[1] for m in messages],
        [m.key() for m in messages],
        [m.value() for m in messages],
        [_headers(m) for m in messages],
        [None] * len(messages),
    )
    return pa.record_batch([pa.array(c, t) for c, t in zip(columns, _READ.types, strict=True)], _READ)


def _headers(message: Message) -> list[tuple[str, bytes | None]] | None:
    """Names that are no UTF-8, which any producer may write, are an error of the client's."""
    try:
        return message.headers()  # type: ignore[return-value]
    except Exception as error:
        raise NotForThisProcessError(f"headers of {message.partition()}/{message.offset()}: {error}") from error
