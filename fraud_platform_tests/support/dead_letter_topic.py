"""Dead letters as the scorer writes them, and what `fraud dlq` makes of them."""

import json
import time
from itertools import count

import msgspec
from confluent_kafka import Message
from typer.testing import CliRunner, Result

from fraud_platform.cli.main import app
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import any_reader, committed_reader, producer
from fraud_platform.storage.kafka_offsets import read_range, watermarks

DAY_MS = 86_400_000
OFFSETS = count()


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def transaction(number: int, event_time_ms: int, **changes: object) -> bytes:
    ids = {"transaction_id": f"t{number}", "customer_id": f"c{number}", "merchant_id": "m"}
    return json.dumps({"schema_version": 1, **ids, "event_time_ms": event_time_ms, "amount": 1.0, **changes}).encode()


def reject(settings: Settings, *letters: tuple[bytes | None, bytes, dict[str, str]]) -> None:
    """Write letters (key, value, headers other than the usual ones) as the scorer would."""
    kafka, at_ms = producer(settings), now_ms()
    for number, (key, value, changes) in enumerate(letters):
        place = {"source_topic": settings.kafka_topic, "source_partition": "0", "source_offset": str(next(OFFSETS))}
        fault = {"source_timestamp_ms": str(at_ms), "field": "value", "reason": "is bad"}
        headers = place | fault | changes
        kafka.produce(settings.kafka_dead_letter_topic, value, key, headers=headers, timestamp=at_ms + number)
    assert kafka.flush(30) == 0


def messages(settings: Settings) -> list[Message]:
    """All of the transactions topic; the end of transactions that were just committed is waited for."""
    with committed_reader(settings) as consumer, any_reader(settings) as other:
        return list(read_range(consumer, settings.kafka_topic, watermarks(other, settings.kafka_topic)))


def sent(settings: Settings) -> list[str]:
    return [msgspec.json.decode(m.value())["transaction_id"] for m in messages(settings)]


def fraud(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["dlq", *arguments])
