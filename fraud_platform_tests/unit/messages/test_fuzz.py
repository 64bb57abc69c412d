"""The path of any bytes to a dead letter, a rejected row or a skipped record, looked for by hypothesis.

`make test` tries so many messages of each topic, always the same; `make test-long` tries other ones, for as long as
FUZZ_EXAMPLES says. What was found stands in hostile/corpus.jsonl and is tried each time.
"""

import base64
import json
import os
from decimal import Decimal
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fraud_platform.messages.decoding import label_or_fault
from fraud_platform.messages.diagnosis import Fault
from fraud_platform.messages.predictions import prediction_fault
from fraud_platform.messages.schemas import Prediction, ScorerEvent
from fraud_platform.messages.tolerant import TolerantReader
from fraud_platform.messages.transactions import DECODER
from fraud_platform.operations.ledger import _fault as ledger_fault
from fraud_platform.settings import Settings
from fraud_platform_tests.support import hostile
from fraud_platform_tests.support.hostile.documents import (
    EVENT,
    EVENT_TIME_MS,
    LABEL,
    PREDICTION,
    TRANSACTION,
    Document,
)
from fraud_platform_tests.support.hostile.wording import assert_in_words
from fraud_platform_tests.support.message_batch import messages, no_history
from streaming.batch.features import REJECTED, SCORED, transform
from streaming.batch.scoring import _dead_letters

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "1500"))
IS_LONG = "FUZZ_EXAMPLES" in os.environ
CORPUS = Path(hostile.__file__).parent / "corpus.jsonl"
SETTINGS = Settings(_env_file=None)
MOST_LETTER_BYTES = 1_000_000
"""A broker takes this much with its default message.max.bytes."""

fuzzed = settings(
    max_examples=EXAMPLES,
    derandomize=not IS_LONG,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

TOKENS = (
    *(b"NaN", b"-Infinity", b"1e999", b"null", b"true", b"-0", b"1.0", b"1e5", b"9" * 700),
    *(b"[[", b"]]", b"{}", b"}", b'":', b",", b": 1, ", b"[" * 70, b'{"a":' * 70),
    *(b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\0", b"\r\n", b"\x1b[2J", b"\\", b'"', rb'"\udfff"', rb"\u0000"),
    *(b"' - at `$.amount`", b"missing required field `amount`"),
)
tokens = st.sampled_from(TOKENS)
texts = st.text() | st.text(st.characters(categories=["Cc", "Cf", "Cs", "Co", "Zl", "Zs", "Lo"]), max_size=70)
numbers = (
    st.integers() | st.integers(-(2**70), 2**70) | st.floats() | st.sampled_from([0, -1, 2**31, 2**53, 2**63, 10**400])
)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def spliced(draw: st.DrawFn, good: Document) -> bytes:
    """A good message with stretches of it replaced, repeated or left out."""
    value = bytearray(good.value())
    for _ in range(draw(st.integers(1, 5))):
        first = draw(st.integers(0, len(value)))
        last = draw(st.integers(first, min(len(value), first + 40)))
        value[first:last] = draw(st.binary(max_size=6) | tokens | st.just(bytes(value[first:last] * 2)))
    return bytes(value)


@st.composite
def rewritten(draw: st.DrawFn, good: Document) -> bytes:
    """A JSON object with the message's fields, some of them with any value, left out, or beside others."""
    fields = dict(good.fields)
    names = st.sampled_from([*fields]) | texts
    fields |= draw(st.dictionaries(names, json_values, min_size=1, max_size=4))
    for name in draw(st.lists(st.sampled_from([*fields]), max_size=2)):
        fields.pop(name, None)
    return json.dumps(fields, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


def any_bytes(good: Document) -> st.SearchStrategy[bytes]:
    return spliced(good) | rewritten(good) | st.binary(max_size=200) | json_values.map(_json)


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


keys = st.none() | st.binary(max_size=80) | st.just(TRANSACTION.key)
times_ms = st.just(EVENT_TIME_MS) | st.integers(-(2**63), 2**63 - 1)


def corpus() -> list[bytes]:
    """What once went wrong, or might have."""
    return [base64.b64decode(json.loads(line)["value"]) for line in CORPUS.read_text().splitlines()]


def check_transaction(key: bytes | None, value: bytes | None, timestamp_ms: int) -> None:
    """From the bytes to the letter: in words, and small enough; or scored, and then read as any other parser would."""
    fault = DECODER.fault(key, value, timestamp_ms)
    table = messages([(key, value)])
    table = table.set_column(2, "timestamp_ms", pa.array([timestamp_ms], pa.int64()))
    rows, _ = transform(table, no_history)
    if fault is None:
        assert rows["status"].to_pylist() == [SCORED]
        columns = DECODER.decode([key], [value], [timestamp_ms]).columns
        assert_read_alike(value, {"schema_version": 1, **{name: taken for name, (taken,) in columns.items()}})
        return
    assert rows["status"].to_pylist() == [REJECTED]
    (letter,) = _dead_letters(rows, SETTINGS)
    headers = {name: text.decode() for name, text in letter.headers}
    assert (headers["field"], headers["reason"]) == fault
    assert_in_words(*fault)
    size = (
        sum(len(name) + len(text) for name, text in letter.headers) + len(letter.key or b"") + len(letter.value or b"")
    )
    assert size < MOST_LETTER_BYTES


def assert_read_alike(value: bytes | None, accepted: dict[str, object]) -> None:
    """A strict parser finds each name once, and the values that were accepted, an amount in cents."""

    def once(pairs: list) -> dict:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    document = json.loads((value or b"").decode(), object_pairs_hook=once, parse_int=_integer)
    for name, taken in accepted.items():
        sent = document.get(name)
        assert (Decimal(str(sent)) * 100 if name == "amount" else sent) == taken


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) < 600 else float(digits)


@fuzzed
@given(keys, any_bytes(TRANSACTION), times_ms)
def test_any_bytes_on_the_transactions_topic_are_a_transaction_or_a_letter(key, value, timestamp_ms):
    check_transaction(key, value, timestamp_ms)


@fuzzed
@given(any_bytes(LABEL), times_ms)
def test_any_bytes_on_the_labels_topic_are_a_report_or_rejected_in_words(value, timestamp_ms):
    outcome = label_or_fault(value, timestamp_ms)
    if isinstance(outcome, Fault):
        assert_in_words(*outcome)
    else:
        assert_read_alike(value, msgspec.structs.asdict(outcome))


@fuzzed
@given(any_bytes(EVENT))
def test_any_bytes_on_the_ledgers_topic_are_an_event_or_skipped(value):
    reader = TolerantReader("scorer_events", ScorerEvent, ledger_fault)
    assert (reader.decode(0, 0, value) is None) == bool(reader.skipped)


@fuzzed
@given(any_bytes(PREDICTION))
def test_any_bytes_on_the_predictions_topic_are_a_prediction_or_skipped(value):
    reader = TolerantReader("fraud_predictions", Prediction, prediction_fault)
    assert (reader.decode(0, 0, value) is None) == bool(reader.skipped)


@pytest.mark.parametrize("value", corpus())
def test_what_was_found_before_is_handled(value):
    check_transaction(TRANSACTION.key, value, EVENT_TIME_MS)
    assert not isinstance(label_or_fault(value, EVENT_TIME_MS), BaseException)
    TolerantReader("scorer_events", ScorerEvent, ledger_fault).decode(0, 0, value)
    TolerantReader("fraud_predictions", Prediction, prediction_fault).decode(0, 0, value)
