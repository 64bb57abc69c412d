"""Raw messages of a Kafka partition, some at a time → what the kernel and the dead letters need of them.

Nothing that is kept grows with the size of a message: an accepted one is its fields, which are short, and of a
rejected one only as much is kept as its dead letter may carry.
"""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fraud_platform.core.features.event_layout import EventArray
from fraud_platform.declared import FEATURE_SET
from fraud_platform.messages.arrow_schemas import PASSED_OVER
from fraud_platform.messages.decoding import Rejection
from fraud_platform.messages.transactions import DECODER

DEAD_LETTER_BYTES = 450_000
"""Most of a rejected value. A compressed message may be far larger than what the broker takes back from
this producer, and one that cannot be written would stop the scorer for good; the source offset leads to the whole."""
SHORT_BYTES = 1_000
"""Most of a rejected key, and of the values of a batch that come after FULL_DEAD_LETTERS_BYTES of others."""
FULL_DEAD_LETTERS_BYTES, DEAD_LETTERS_BYTES = 8_000_000, 64_000_000
"""Of the rejected values in a partition's part of a batch: from the first on they are kept short, from the second on
their places alone are kept. All partitions' parts meet in the driver, which takes 1 GB (spark.driver.maxResultSize)."""

PLACE = ("partition", "offset", "timestamp_ms")


class Received:
    """The messages of one partition's part of a batch, in their order."""

    def __init__(self) -> None:
        self.accepted: list[int] = []
        """Numbers of the accepted messages."""
        self.columns: dict[str, list] = {name: [] for name in FEATURE_SET.world.names}
        """Their fields, as the decoder gives them."""
        self.rejections: list[Rejection] = []
        self.keys: list[bytes | None] = []
        """Of the rejected ones, as much as is kept; so are the values."""
        self.values: list[bytes | None] = []
        self.value_bytes: list[int | None] = []
        """How long a value was of which a part is kept; None for the others."""
        self._places: list[pa.Table] = []
        self._messages = 0
        self._kept_bytes = 0

    def add(self, messages: pa.Table) -> None:
        """Columns partition, offset, timestamp_ms, key, value of the messages that follow, and maybe PASSED_OVER."""
        keys, values, times = (messages[name].to_pylist() for name in ("key", "value", "timestamp_ms"))
        passed = messages[PASSED_OVER].to_pylist() if PASSED_OVER in messages.column_names else None
        decoded = DECODER.decode(keys, values, times, passed)
        self.accepted += [self._messages + index for index in decoded.accepted]
        for name, column in decoded.columns.items():
            self.columns[name] += column
        for index, field, reason in ((r.index, r.field, r.reason) for r in decoded.rejections):
            self.rejections.append(Rejection(self._messages + index, field, reason))
            self._keep(keys[index], values[index])
        self._places.append(messages.select(PLACE))
        self._messages += len(messages)

    def _keep(self, key: bytes | None, value: bytes | None) -> None:
        whole = value or b""
        kept = whole[: self._most()]
        self._kept_bytes += len(kept)
        self.keys.append(key and key[:SHORT_BYTES])
        self.values.append(kept if value is not None else None)
        self.value_bytes.append(len(whole) if len(kept) < len(whole) else None)

    def _most(self) -> int:
        if self._kept_bytes < FULL_DEAD_LETTERS_BYTES:
            return DEAD_LETTER_BYTES
        return SHORT_BYTES if self._kept_bytes < DEAD_LETTERS_BYTES else 0

    def __len__(self) -> int:
        return self._messages

    @property
    def places(self) -> pa.Table:
        """Columns PLACE of all messages."""
        return pa.concat_tables(self._places)

    def events(self) -> EventArray:
        """Event rows of the accepted messages."""
        columns = self.columns
        return FEATURE_SET.layout.rows_of(lambda field: field.encoded_column(columns[field.name]), self.arrivals_ms)

    @property
    def arrivals_ms(self) -> NDArray[np.int64]:
        """Kafka timestamps of the accepted messages."""
        return self.places["timestamp_ms"].to_numpy()[self.accepted].astype(np.int64)


def received(parts: Iterable[pa.Table]) -> Received:
    """All parts of the messages, each decoded before the next is asked for."""
    messages = Received()
    for part in parts:
        messages.add(part)
    return messages
