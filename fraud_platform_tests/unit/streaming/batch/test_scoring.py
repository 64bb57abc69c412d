"""A batch's messages: thresholds, reasons for alerts only, dead letters as received."""

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from fraud_platform.messages.schemas import Prediction, encode
from fraud_platform_tests.support import bundles
from fraud_platform_tests.support.bad_messages import KEY, valid
from fraud_platform_tests.support.message_batch import good, messages, no_history
from fraud_platform_tests.support.no_merchant_risk import SCORED_AT_MS, NoRisk
from fraud_platform_tests.support.simulated_world import VELOCITY_FEATURES
from streaming.batch.features import transform
from streaming.batch.received import DEAD_LETTER_BYTES, SHORT_BYTES
from streaming.batch.scoring import BLOCK_ROWS, _json_rows, score_batch
from streaming.models.traffic_split import LoadedModel, TrafficSplit


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    return transform(messages([good(1), (KEY, b"\xff"), good(2), good(1)]), no_history)[0]


def score(rows: pa.Table, threshold: float, settings):
    velocity = np.ones((2, len(VELOCITY_FEATURES)))
    split = TrafficSplit(LoadedModel(3, bundles.bundle(), threshold))
    batch = score_batch(rows, velocity, split, NoRisk(), settings, SCORED_AT_MS)
    return batch._replace(messages=list(batch.messages))


def test_scored_rows_become_predictions_and_rejected_ones_dead_letters(rows, settings):
    batch = score(rows, 0.5, settings)
    assert (batch.predictions, batch.rejected, batch.duplicates) == (2, 1, 1)
    topics = [m.topic for m in batch.messages]
    assert topics == [settings.kafka_predictions_topic] * 2 + [settings.kafka_dead_letter_topic]
    prediction = msgspec.json.decode(batch.messages[0].value, type=Prediction)
    assert (prediction.transaction_id, prediction.source_offset, prediction.model_version) == ("T1", 0, 3)
    assert prediction.scored_at_ms == SCORED_AT_MS
    assert prediction.features[0] == 1.0
    letter = batch.messages[2]
    assert (letter.key, letter.value) == (KEY, b"\xff")
    assert dict(letter.headers)["reason"] == b"is not JSON"


@pytest.mark.parametrize(("threshold", "alerts"), [(0.0, 2), (1.0, 0)])
def test_the_threshold_decides_and_only_alerts_have_reasons(rows, threshold, alerts, settings):
    batch = score(rows, threshold, settings)
    decoded = [msgspec.json.decode(m.value, type=Prediction) for m in batch.messages[:2]]
    assert batch.alerts == alerts
    assert [p.is_fraud for p in decoded] == [bool(alerts)] * 2
    assert all(not p.reasons for p in decoded if not p.is_fraud)


def test_a_batch_without_scored_rows_has_dead_letters_only(settings):
    rows, _ = transform(messages([(KEY, b"x"), (None, valid())]), no_history)
    batch = score(rows, 0.5, settings)
    assert (batch.predictions, batch.rejected, len(batch.messages)) == (0, 2, 2)


def test_a_dead_letter_fits_into_a_message_whatever_the_size_of_what_was_received(settings):
    key, value = b"k" * 2_000_000, b"v" * 3_000_000
    rows, _ = transform(messages([(key, value), (KEY, b"x")]), no_history)
    large, small = score(rows, 0.5, settings).messages
    assert (large.key, large.value) == (key[:SHORT_BYTES], value[:DEAD_LETTER_BYTES])
    assert dict(large.headers)["value_bytes"] == b"3000000"
    assert (small.value, dict(small.headers).get("value_bytes")) == (b"x", None)


def test_features_are_written_to_the_last_bit_and_what_is_not_finite_as_null():
    rng = np.random.default_rng(1)
    values = rng.standard_normal((BLOCK_ROWS + 3, 4)) * 10.0 ** rng.integers(-300, 300, (BLOCK_ROWS + 3, 4))
    values[0] = np.nan, np.inf, -0.0, 1e17
    decoded = [msgspec.json.decode(encode(row)) for row in _json_rows(values)]
    assert decoded[0][:2] == [None, None]
    np.testing.assert_array_equal(np.array(decoded[1:]), values[1:])
    np.testing.assert_array_equal(decoded[0][2:], values[0, 2:])
