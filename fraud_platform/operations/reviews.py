"""A colleague's verdict on one transaction: a report of the source `review` on the labels topic."""

from collections.abc import Iterable

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.core.listed import listed
from fraud_platform.core.printable import printable
from fraud_platform.declared import FEATURE_SET
from fraud_platform.errors import ReviewError
from fraud_platform.messages.decoding import label_or_fault
from fraud_platform.messages.partitioner import PARTITIONERS, partition_of
from fraud_platform.messages.personal import masked_key
from fraud_platform.messages.schemas import Label, encode
from fraud_platform.messages.tolerant import TolerantReader
from fraud_platform.pipeline import tables
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.kafka import committed_reader, write_one
from fraud_platform.storage.kafka_offsets import newest_offsets, read_range, watermarks
from fraud_platform.storage.key_sample import key_spread
from fraud_platform.storage.lake import Lake

NEWEST_OFFSETS = 20_000
"""Of each partition of the predictions topic: what was scored since the lake got its last predictions."""
_COLUMNS = {
    tables.PREDICTIONS: ("transaction_id", "customer_id"),
    tables.FEATURES: ("transaction_id", "customer_id"),
    tables.TRANSACTIONS: (FEATURE_SET.transaction, FEATURE_SET.key),
}
"""Table → its columns with the id and the key of a transaction."""


class _Identity(msgspec.Struct):
    """What of a prediction is read."""

    transaction_id: str
    customer_id: str


def review(transaction_id: str, key: str | None, *, is_fraud: bool, by: str, note: str | None) -> Label:
    """The report, of now. Raises ReviewError where the batch would reject it, as for a note of 600 characters.

    key: whose transaction it is; None where that is still to be looked up.
    """
    label = Label(
        schema_version=1,
        transaction_id=transaction_id,
        key=key,
        is_fraud=is_fraud,
        reported_at_ms=now_ms(),
        source="review",
        reviewer=by,
        note=note,
    )
    try:
        outcome = label_or_fault(encode(label), label.reported_at_ms)
    except UnicodeEncodeError:  # half a character, as a terminal of another encoding gives it
        raise ReviewError("the review has characters that are none: check the terminal's encoding") from None
    if not isinstance(outcome, Label):
        raise ReviewError(f"the review would be rejected: {outcome.field} {outcome.reason}")
    return outcome


def key_of(transaction_id: str, known: Iterable[str], given: str | None) -> str:
    """The key of the transaction that is meant, out of those that are known to have the id.

    Raises ReviewError where it is not known, where several have it and none is given, and where the given
    one has not.
    """
    keys = sorted(known)
    if given is not None and (given in keys or not keys):
        return given
    if given is None and len(keys) == 1:
        return keys[0]
    shown, candidates = printable(transaction_id), listed([printable(masked_key(key)) for key in keys], 10)
    if given is not None:
        raise ReviewError(f"transaction {shown} is not one of {printable(masked_key(given))}: it is of {candidates}")
    if keys:
        raise ReviewError(f"the id {shown} is one of several, {candidates}: say whose with --key")
    raise ReviewError(
        f"transaction {shown} is neither in the lake nor among the newest predictions: check the id, or say with --key "
        "whose it is"
    )


def known_keys(settings: Settings, lake: Lake, transaction_id: str) -> set[str]:
    """Keys that the lake's tables and the newest predictions have the id with."""
    found: set[str] = set()
    for table, (id_column, key_column) in _COLUMNS.items():
        if lake.exists(table):
            of_id = pc.field(id_column) == pa.scalar(transaction_id, pa.string())
            found |= set(lake.read(table, [key_column], where=of_id)[key_column].to_pylist())
    return found | _newest_keys(settings, transaction_id)


def send_review(settings: Settings, label: Label) -> None:
    """Write it where the transaction's other reports are; raises ServiceUnavailableError where Kafka is away."""
    topic, key = settings.kafka_labels_topic, label.transaction_id.encode()
    spread = key_spread(settings, topic)
    told = next((hash_ for hash_ in PARTITIONERS if hash_ == spread.partitioner), PARTITIONERS[0])
    write_one(settings, topic, key, encode(label), partition_of(key, spread.partitions, told))


def _newest_keys(settings: Settings, transaction_id: str) -> set[str]:
    topic = settings.kafka_predictions_topic
    reader = TolerantReader(topic, _Identity)
    found = set()
    with committed_reader(settings) as consumer:
        newest = newest_offsets(watermarks(consumer, topic), NEWEST_OFFSETS)
        for message in read_range(consumer, topic, newest):
            made = reader.decode(message.partition(), message.offset(), message.value())
            if made is not None and made.transaction_id == transaction_id:
                found.add(made.customer_id)
    reader.tell()
    return found
