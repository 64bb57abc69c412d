"""Champion, canary and challenger on the same rows: who decides, and who looks on."""

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from fraud_platform.messages.schemas import Prediction, ShadowPrediction
from fraud_platform.operations.aliases import CANARY, CHALLENGER
from fraud_platform_tests.support import bundles
from fraud_platform_tests.support.message_batch import messages, no_history
from fraud_platform_tests.support.no_merchant_risk import SCORED_AT_MS, NoRisk
from fraud_platform_tests.support.simulated_world import VELOCITY_FEATURES
from streaming.batch.features import transform
from streaming.batch.scoring import ScoredBatch, score_batch
from streaming.models.traffic_split import LoadedModel, TrafficSplit, hash_buckets

CUSTOMERS = 400
CHAMPION_VERSION, CHALLENGER_VERSION, CANARY_VERSION = 3, 4, 5


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    from fraud_platform_tests.support.bad_messages import valid

    sent = [(f"c{n}".encode(), valid(transaction_id=f"T{n}", customer_id=f"c{n}")) for n in range(CUSTOMERS)]
    return transform(messages(sent), no_history)[0]


@pytest.fixture
def compete(rows, settings):
    """Scores the rows with three models under shares of customers in percent."""
    champion = LoadedModel(CHAMPION_VERSION, bundles.bundle(1), 0.0)  # everything is an alert
    challenger = LoadedModel(CHALLENGER_VERSION, bundles.bundle(2), 1.0)  # nothing is
    canary = LoadedModel(CANARY_VERSION, bundles.bundle(3), 1.0)

    def score(shadow: float, by_canary: float) -> tuple[ScoredBatch, list[Prediction], list[ShadowPrediction]]:
        split = TrafficSplit(champion, challenger, canary, shadow, by_canary)
        velocity = np.ones((len(rows), len(VELOCITY_FEATURES)))
        batch = score_batch(rows, velocity, split, NoRisk(), settings, SCORED_AT_MS)
        of = {settings.kafka_predictions_topic: Prediction, settings.kafka_shadow_topic: ShadowPrediction}
        found = {topic: [] for topic in of}
        for message in batch.messages:
            found[message.topic].append(msgspec.json.decode(message.value, type=of[message.topic]))
        return batch, *found.values()

    return score


def of_version(version: int, scored) -> set[str]:
    return {p.customer_id for p in scored if p.model_version == version}


@pytest.mark.parametrize(("shadow", "canary"), [(0, 0), (100, 0), (0, 100), (20, 10), (100, 100)])
def test_each_transaction_gets_one_decision_and_at_most_one_look_from_the_side(compete, shadow, canary):
    batch, decisions, shadows = compete(shadow, canary)
    assert sorted(p.transaction_id for p in decisions) == sorted(f"T{n}" for n in range(CUSTOMERS))
    assert len({s.transaction_id for s in shadows}) == len(shadows) == sum(sum(o) for o in batch.outcomes.values())
    by_canary = of_version(CANARY_VERSION, decisions)
    assert by_canary == of_version(CHAMPION_VERSION, shadows)
    assert len(by_canary) == (batch.outcomes[CANARY].counts.rows if canary else 0)
    assert batch.alerts == len(decisions) - len(by_canary)


def test_a_challenger_decides_on_nobody_at_any_share(compete):
    for shadow, canary in [(100, 0), (100, 50), (50, 100), (10, 10)]:
        _, decisions, _ = compete(shadow, canary)
        assert not of_version(CHALLENGER_VERSION, decisions)


def test_outcomes_are_counted_for_champion_and_other_alike_whoever_decided(compete):
    batch, _, _ = compete(40, 30)
    for alias in (CHALLENGER, CANARY):
        outcomes = batch.outcomes[alias]
        assert outcomes.champion_only == outcomes.counts.champion == outcomes.counts.rows > 0
        assert outcomes.counts.version == 0


def test_shares_are_about_as_large_as_asked_for(compete):
    batch, _, _ = compete(20, 10)
    assert batch.outcomes[CANARY].counts.rows / CUSTOMERS == pytest.approx(0.1, abs=0.05)
    assert batch.outcomes[CHALLENGER].counts.rows / CUSTOMERS == pytest.approx(0.2, abs=0.06)


def test_the_canary_is_the_same_customers_in_each_batch_and_grows_by_adding_to_them(compete):
    def decided_by_canary(percent: float) -> set[str]:
        return of_version(CANARY_VERSION, compete(0, percent)[1])

    assert decided_by_canary(10) == decided_by_canary(10) < decided_by_canary(30)


def test_a_shadow_tells_the_decision_that_it_did_not_make(compete):
    _, _, shadows = compete(100, 0)
    assert {(s.role, s.model_version, s.is_fraud, s.decided_by_version, s.decided_is_fraud) for s in shadows} == {
        ("shadow", CHALLENGER_VERSION, False, CHAMPION_VERSION, True)
    }


def test_buckets_are_spread_evenly():
    counts, _ = np.histogram(hash_buckets(pa.chunked_array([[f"C{n:05}" for n in range(20_000)]])), 10, (0, 100))
    assert counts.min() > 1800 and counts.max() < 2200
