"""Each kind of hostile message, from its bytes to what becomes of it: rejected in words, or skipped; never an error."""

import pyarrow as pa
import pytest

from fraud_platform.messages.arrow_schemas import LABEL_OR_REJECTED, POSITION, PREDICTION, TRANSACTION_OR_REJECTED
from fraud_platform.messages.decoding import label_or_fault
from fraud_platform.messages.diagnosis import MOST_FIELD, MOST_REASON
from fraud_platform.messages.schemas import Label, ScorerEvent
from fraud_platform.messages.tolerant import TolerantReader
from fraud_platform.messages.transactions import DECODER
from fraud_platform.operations.dead_letters import DeadLetter, _letter
from fraud_platform.operations.ledger import _fault as ledger_fault
from fraud_platform.pipeline.decoded_rows import label_rows, transaction_rows
from fraud_platform.pipeline.prediction_rows import prediction_rows
from fraud_platform_tests.support.hostile.documents import EVENT, EVENT_TIME_MS, LABEL, TRANSACTION
from fraud_platform_tests.support.hostile.documents import PREDICTION as GOOD_PREDICTION
from fraud_platform_tests.support.hostile.letters import LETTERS, HostileLetter
from fraud_platform_tests.support.hostile.topics import EVENTS, LABELS, ODD_TRANSACTIONS, PREDICTIONS, TRANSACTIONS
from fraud_platform_tests.support.hostile.wording import assert_in_words
from fraud_platform_tests.support.message_batch import messages, no_history
from streaming.batch.features import REJECTED, transform
from streaming.batch.received import DEAD_LETTER_BYTES, SHORT_BYTES
from streaming.batch.scoring import _dead_letters

KINDS = {
    "transactions": TRANSACTIONS,
    "labels": LABELS,
    "events": EVENTS,
    "predictions": PREDICTIONS,
    "letters": LETTERS,
}


@pytest.mark.parametrize("topic", KINDS)
def test_each_topic_has_its_hundred_and_fifty_kinds(topic):
    kinds = KINDS[topic].values()
    assert len({(kind.key, kind.value, str(kind)[-2000:]) for kind in kinds}) >= 150


@pytest.mark.parametrize("name", TRANSACTIONS)
def test_a_hostile_transaction_becomes_a_dead_letter_that_kafka_takes(name, settings):
    key, value, field, reason, _ = TRANSACTIONS[name]
    rows, kept = transform(messages([(key, value)]), no_history)
    (letter,) = _dead_letters(rows, settings)
    headers = {header: text.decode() for header, text in letter.headers}
    assert (rows["status"].to_pylist(), len(kept)) == ([REJECTED], 0)
    assert headers["field"].startswith(field)
    assert reason in headers["reason"]
    assert_in_words(headers["field"], headers["reason"])
    assert letter.value == (value if value is None else value[:DEAD_LETTER_BYTES])
    assert letter.key == (key if key is None else key[:SHORT_BYTES])


def test_good_transactions_between_hostile_ones_are_scored_and_each_hostile_one_is_a_letter(settings):
    good = {name: (b"C1", value) for name, value in ODD_TRANSACTIONS.items()}
    bad = {name: (kind.key, kind.value) for name, kind in TRANSACTIONS.items()}
    order = sorted([*good.items(), *bad.items()])
    rows, _ = transform(messages([message for _, message in order]), no_history)
    found = dict(zip((name for name, _ in order), rows["status"].to_pylist(), strict=True))
    assert {name for name, status in found.items() if status == REJECTED} == bad.keys()
    assert len(_dead_letters(rows.filter(pa.compute.equal(rows["status"], REJECTED)), settings)) == len(bad)


@pytest.mark.parametrize("name", ODD_TRANSACTIONS)
def test_what_is_odd_but_sound_is_accepted(name):
    decoded = DECODER.decode([b"C1"], [ODD_TRANSACTIONS[name]], [EVENT_TIME_MS])
    assert (decoded.accepted, decoded.rejections) == ([0], [])


@pytest.mark.parametrize("name", LABELS)
def test_a_hostile_report_is_rejected_with_field_and_reason(name):
    _, value, field, reason, _ = LABELS[name]
    fault = label_or_fault(value, EVENT_TIME_MS)
    assert not isinstance(fault, Label)
    assert fault.field.startswith(field) and reason in fault.reason
    assert_in_words(*fault)


def batch(kinds: list[tuple[bytes | None, bytes | None]]) -> pa.RecordBatch:
    """Messages as Spark's source gives them to the batch side."""
    n = len(kinds)
    position = [
        pa.array([20_000] * n, pa.int32()).cast(pa.date32()),
        pa.array([0] * n, pa.int32()),
        pa.array(range(n), pa.int64()),
        pa.array([EVENT_TIME_MS] * n, pa.int64()),
    ]
    columns = [*position, *(pa.array(column, pa.binary()) for column in zip(*kinds, strict=True))]
    of_raw = [pa.repeat("topic", n), pa.nulls(n, pa.string())]
    return pa.record_batch([*columns, *of_raw], [*POSITION.names, "key", "value", "topic", "passed_over"])


@pytest.mark.parametrize(
    ("kinds", "good", "rows_of", "schema"),
    [
        (TRANSACTIONS, TRANSACTION, transaction_rows, TRANSACTION_OR_REJECTED),
        (LABELS, LABEL, label_rows, LABEL_OR_REJECTED),
    ],
    ids=["transactions", "labels"],
)
def test_the_batch_side_rejects_the_same_messages_for_the_same_reasons(kinds, good, rows_of, schema):
    sent = [(good.key, good.value()), *((kind.key, kind.value) for kind in kinds.values())]
    rows = rows_of(batch(sent)).select(schema.names).cast(schema).sort_by("kafka_offset").to_pylist()
    assert rows[0]["reason"] is None
    for row, (name, kind) in zip(rows[1:], kinds.items(), strict=True):
        assert row["field"].startswith(kind.field) and kind.reason in row["reason"], name
        assert_in_words(row["field"], row["reason"])


@pytest.mark.parametrize("name", EVENTS)
def test_a_hostile_line_of_the_ledger_is_skipped(name):
    reader = TolerantReader("scorer_events", ScorerEvent, ledger_fault)
    skipped = reader.decode(0, 1, EVENTS[name].value) is None
    assert skipped or EVENTS[name].is_hidden
    assert reader.decode(0, 2, EVENT.value()).model_version == 3


def test_hostile_predictions_are_left_out_and_counted_and_the_others_read():
    skipped = []
    sent = [(kind.key, kind.value) for kind in PREDICTIONS.values() if not kind.is_hidden]
    good = (GOOD_PREDICTION.key, GOOD_PREDICTION.value())
    rows = prediction_rows("fraud_predictions", skipped.append)(batch([good, *sent, good]))
    rows = rows.select(PREDICTION.names).cast(PREDICTION)
    assert rows["kafka_offset"].to_pylist() == [0, len(sent) + 1]
    assert skipped == [len(sent)]


def test_a_batch_of_nothing_but_hostile_predictions_has_no_rows():
    rows = prediction_rows("fraud_predictions", lambda count: None)(batch([(None, b"x")]))
    assert len(rows.select(PREDICTION.names).cast(PREDICTION)) == 0


@pytest.mark.parametrize("name", LETTERS)
def test_a_hostile_letter_can_be_asked_what_is_wrong_with_it(name):
    kind = LETTERS[name]
    letter = DeadLetter("0-1", EVENT_TIME_MS, kind.key, kind.value, None, "value", "is bad")
    fault = letter.fault_at(EVENT_TIME_MS)
    assert fault is not None and fault.isprintable() and len(fault) < MOST_FIELD + MOST_REASON + 3


class OnTheTopic:
    """A message as confluent-kafka gives it."""

    def __init__(self, kind: HostileLetter) -> None:
        self.key, self.value, self.headers = (lambda: kind.key), (lambda: kind.value), (lambda: kind.headers)
        self.partition, self.offset, self.timestamp = (lambda: 0), (lambda: 1), (lambda: (1, EVENT_TIME_MS))


@pytest.mark.parametrize("name", LETTERS)
def test_a_hostile_letter_is_read_and_has_an_origin_that_is_one_or_none(name):
    letter = _letter(OnTheTopic(LETTERS[name]))
    assert letter.id == "0-1"
    assert letter.origin is not None or not LETTERS[name].is_letter
    assert letter.origin is None or all(isinstance(number, int) for number in letter.origin)
