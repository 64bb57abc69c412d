"""Champion and challenger on the same rows: who decides, and who looks on."""

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from fraud_platform.core.features.velocity import VELOCITY_FEATURES
from fraud_platform.schemas import Prediction, ShadowPrediction
from fraud_platform_tests import bundles
from fraud_platform_tests.unit.streaming.test_features import messages, no_history
from fraud_platform_tests.unit.streaming.test_scoring import SCORED_AT_MS, NoRisk
from streaming.contest import Contest, LoadedModel, places
from streaming.features import transform
from streaming.scoring import ScoredBatch, score_batch

CUSTOMERS = 400
CHAMPION, CHALLENGER = 3, 4


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    from fraud_platform_tests.bad_messages import valid

    sent = [(f"c{n}".encode(), valid(transaction_id=f"T{n}", customer_id=f"c{n}")) for n in range(CUSTOMERS)]
    return transform(messages(sent), no_history)[0]


@pytest.fixture
def compete(rows, settings):
    """Scores the rows with two models under shares of customers in percent."""
    champion = LoadedModel(CHAMPION, bundles.bundle(1), 0.0)  # everything is an alert
    challenger = LoadedModel(CHALLENGER, bundles.bundle(2), 1.0)  # nothing is

    def score(shadow: float, canary: float) -> tuple[ScoredBatch, list[Prediction], list[ShadowPrediction]]:
        contest = Contest(champion, challenger, shadow, canary)
        velocity = np.ones((len(rows), len(VELOCITY_FEATURES)))
        batch = score_batch(rows, velocity, contest, NoRisk(), settings, SCORED_AT_MS)
        of = {settings.kafka_predictions_topic: Prediction, settings.kafka_shadow_topic: ShadowPrediction}
        found = {topic: [] for topic in of}
        for message in batch.messages:
            found[message.topic].append(msgspec.json.decode(message.value, type=of[message.topic]))
        return batch, *found.values()

    return score


@pytest.mark.parametrize(("shadow", "canary"), [(0, 0), (100, 0), (0, 100), (20, 10), (100, 100)])
def test_each_transaction_gets_one_decision_and_at_most_one_view_from_the_side(compete, shadow, canary):
    batch, decisions, shadows = compete(shadow, canary)
    assert sorted(p.transaction_id for p in decisions) == sorted(f"T{n}" for n in range(CUSTOMERS))
    assert len({s.transaction_id for s in shadows}) == len(shadows) == batch.tally.rows
    by_challenger = {p.customer_id for p in decisions if p.model_version == CHALLENGER}
    looked_on_by_champion = {s.customer_id for s in shadows if s.model_version == CHAMPION}
    assert by_challenger == looked_on_by_champion
    assert len(by_challenger) == batch.tally.canary
    assert batch.alerts == len(decisions) - len(by_challenger)


def test_shares_are_about_as_large_as_asked_for(compete):
    batch, _, shadows = compete(20, 10)
    assert batch.tally.canary / CUSTOMERS == pytest.approx(0.1, abs=0.05)
    assert (len(shadows) - batch.tally.canary) / CUSTOMERS == pytest.approx(0.2, abs=0.06)


def test_the_canary_is_the_same_customers_in_each_batch_and_grows_by_adding_to_them(compete):
    def decided_by_challenger(percent: float) -> set[str]:
        return {p.customer_id for p in compete(0, percent)[1] if p.model_version == CHALLENGER}

    assert decided_by_challenger(10) == decided_by_challenger(10) < decided_by_challenger(30)


def test_a_shadow_tells_the_decision_that_it_did_not_make(compete):
    _, _, shadows = compete(100, 0)
    assert {(s.role, s.model_version, s.is_fraud, s.decided_by_version, s.decided_is_fraud) for s in shadows} == {
        ("shadow", CHALLENGER, False, CHAMPION, True)
    }


def test_places_are_spread_evenly():
    counts, _ = np.histogram(places(pa.chunked_array([[f"C{n:05}" for n in range(20_000)]])), 10, (0, 100))
    assert counts.min() > 1800 and counts.max() < 2200
