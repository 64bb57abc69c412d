"""Whom a review is about, and what of it is refused before it is sent."""

import pyarrow as pa
import pytest

from fraud_platform.errors import ReviewError
from fraud_platform.messages.decoding import label_or_fault
from fraud_platform.messages.partitioner import CRC32, MURMUR2, partition_of
from fraud_platform.messages.schemas import encode
from fraud_platform.operations import reviews
from fraud_platform.operations.reviews import key_of, known_keys, review, send_review
from fraud_platform.pipeline import tables
from fraud_platform.storage.key_sample import KeySpread
from fraud_platform.storage.lake import Lake
from fraud_platform_tests.support.feature_lake import FIRST_DAY
from fraud_platform_tests.support.hostile_text import HOSTILE, OBEYED


@pytest.mark.parametrize(
    ("known", "given", "meant"),
    [(["C1"], None, "C1"), (["C1"], "C1", "C1"), (["C1", "C2"], "C2", "C2"), ([], "C9", "C9")],
    ids=["the only one", "given, too", "one of several", "given, and not known yet"],
)
def test_the_key_is_found_or_given(known, given, meant):
    assert key_of("T1", known, given) == meant


@pytest.mark.parametrize(
    ("known", "given", "words"),
    [
        (["C2", "C1"], None, "the id T1 is one of several, C1, C2: say whose with --key"),
        (["C1"], "C3", "transaction T1 is not one of C3: it is of C1"),
        ([], None, "neither in the lake nor among the newest predictions"),
    ],
    ids=["ambiguous", "another's", "unknown"],
)
def test_who_is_meant_has_to_be_clear(known, given, words):
    with pytest.raises(ReviewError, match=words):
        key_of("T1", known, given)


@pytest.mark.parametrize("text", HOSTILE[:-2], ids=ascii)
def test_an_error_shows_a_strangers_id_as_it_is(text):
    with pytest.raises(ReviewError) as error:
        key_of(text, [text, "C1"], None)
    assert not OBEYED.search(str(error.value))


def test_a_review_is_a_report_that_the_batch_accepts():
    made = review("T1", "C1", is_fraud=True, by="ann", note="customer called")
    assert label_or_fault(encode(made), made.reported_at_ms) == made
    assert (made.source, made.reviewer, made.key) == ("review", "ann", "C1")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"note": "n" * 501}, "note"),
        ({"by": ""}, "reviewer"),
        ({"transaction_id": "T" * 257}, "transaction_id"),
        ({"note": "two\nlines"}, "note has control characters"),
        ({"note": "\ud800"}, "characters that are none"),
    ],
    ids=["long", "empty", "long id", "line feed", "half a character"],
)
def test_what_the_batch_would_reject_is_not_sent(changes, words):
    given = {"transaction_id": "T1", "key": "C1", "is_fraud": True, "by": "ann", "note": None} | changes
    with pytest.raises(ReviewError, match=words):
        review(**given)


@pytest.fixture
def lake(make_settings) -> Lake:
    made = Lake(make_settings())
    for table, owners in ((tables.PREDICTIONS, ["C1"]), (tables.FEATURES, ["C1", "C2"])):
        rows = {
            "date": pa.array([FIRST_DAY] * len(owners)),
            "transaction_id": pa.array(["T1"] * len(owners)),
            "customer_id": pa.array(owners),
        }
        made.replace_days(table, pa.table(rows), FIRST_DAY, FIRST_DAY)
    return made


def test_keys_are_those_of_the_lake_and_of_the_newest_predictions(lake, settings, monkeypatch):
    monkeypatch.setattr(reviews, "_newest_keys", lambda settings, transaction_id: {"C3"})
    assert known_keys(settings, lake, "T1") == {"C1", "C2", "C3"}
    assert known_keys(settings, lake, "T2") == {"C3"}


@pytest.mark.parametrize(("told", "used"), [(MURMUR2, MURMUR2), (CRC32, CRC32), ("unknown", MURMUR2)])
def test_a_review_goes_where_the_transactions_other_reports_are(settings, monkeypatch, told, used):
    sent = []
    monkeypatch.setattr(reviews, "key_spread", lambda settings, topic: KeySpread(told, 7))
    monkeypatch.setattr(reviews, "write_one", lambda *message: sent.append(message))
    made = review("T1", "C1", is_fraud=False, by="ann", note=None)
    send_review(settings, made)
    assert sent == [(settings, settings.kafka_labels_topic, b"T1", encode(made), partition_of(b"T1", 7, used))]
