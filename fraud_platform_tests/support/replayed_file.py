"""A labelled file of forty days, and what became of it on the topics."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pandas as pd
from typer.testing import CliRunner, Result

from fraud_platform.cli.main import app
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import any_reader
from fraud_platform.storage.kafka_offsets import read_range, watermarks

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
ROWS, DAYS = 4_000, 40
FIRST = TODAY - timedelta(days=DAYS + 20)
"""All chargebacks, seven days later, lie in the past."""


def rows(first: datetime = FIRST) -> pd.DataFrame:
    """100 transactions a day of 200 customers; every twentieth is fraud."""
    step = timedelta(days=DAYS) / ROWS
    return pd.DataFrame(
        {
            "id": [f"{n:05d}" for n in range(ROWS)],
            "customer": [f"c{n % 200}" for n in range(ROWS)],
            "shop": [f"m{n % 7}" for n in range(ROWS)],
            "at": [(first + n * step).isoformat() for n in range(ROWS)],
            "amount": np.arange(ROWS) / 100 + 1,
            "fraud": [int(n % 20 == 3) for n in range(ROWS)],
        }
    )


MAPPING = """
fields:
  transaction_id: {column: id}
  customer_id: {column: customer}
  merchant_id: {column: shop}
  event_time_ms: {column: at}
  amount: {column: amount}
  is_fraud: {column: fraud}
"""


def fraud(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def messages(settings: Settings, topic: str) -> list:
    with any_reader(settings) as consumer:
        return list(read_range(consumer, topic, watermarks(consumer, topic)))


def sent(settings: Settings) -> list[str]:
    return [msgspec.json.decode(m.value())["transaction_id"] for m in messages(settings, settings.kafka_topic)]


def reports(settings: Settings) -> Counter[str]:
    found = messages(settings, settings.kafka_labels_topic)
    return Counter(msgspec.json.decode(m.value())["transaction_id"] for m in found)


def day(number: int) -> str:
    return f"{FIRST + timedelta(days=number):%Y-%m-%d}"


def refusal(result: Result, settings: Settings) -> str:
    """What a replay said that sent nothing."""
    assert result.exit_code == 2, result.output
    assert messages(settings, settings.kafka_topic) == messages(settings, settings.kafka_labels_topic) == []
    return result.stderr
