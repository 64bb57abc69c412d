"""The scorer as a process with a canary, a challenger or a refused version beside the champion."""

import signal
from collections import Counter

import msgspec
import pytest

from fraud_platform.feeding.messages import Disturbances, transaction_messages
from fraud_platform.messages.schemas import ShadowPrediction
from fraud_platform.operations import rollout
from fraud_platform.operations.aliases import CANARY, CHALLENGER, CHAMPION
from fraud_platform.operations.ledger import scorer_events
from fraud_platform.operations.observed_alerts import observed_alerts
from fraud_platform.operations.rollout import Verdict
from fraud_platform.settings import Settings
from fraud_platform.storage.registry import Registry
from fraud_platform_tests.support import bundles
from fraud_platform_tests.support.kafka_outcome import predictions, read, send
from fraud_platform_tests.support.scorer_output import wait_for
from fraud_platform_tests.support.scorer_process import ScorerProcess
from fraud_platform_tests.support.waiting import wait_until


@pytest.fixture
def settings(mlflow_server, make_scorer_settings) -> Settings:
    return make_scorer_settings()


def test_a_canary_decides_on_its_share_until_its_alerts_leave_the_band(settings, tmp_path):
    settings = settings.model_copy(update={"canary_percent": 30, "shadow_percent": 30})
    registry = Registry(settings)
    champion = bundles.register(settings, tmp_path / "champion")
    registry.set_alias(CHAMPION, champion)
    canary = bundles.register(settings, tmp_path / "canary", seed=2, threshold=1e-9)  # alerts on everything
    rollout.write_verdict_passed(registry, canary)
    registry.set_alias(CANARY, canary)
    messages = sorted(transaction_messages(bundles.transactions(2), Disturbances()))
    half = len(messages) // 2
    scorer = ScorerProcess(settings)
    try:
        scorer.start()
        wait_until(lambda: "canary_loaded" in kinds(settings), "the canary")
        send(settings, messages[:half])
        wait_until(lambda: "canary_rolled_back" in kinds(settings), "the rollback")
        wait_until(lambda: registry.version(CANARY) is None, "the alias to go")
        assert "CANARY_ALERT_FACTOR" in registry.tags(canary)[rollout.STOPPED]
        send(settings, messages[half:])
        wait_for(settings, len(messages))
        assert scorer.end(signal.SIGTERM) == 0
    finally:
        if scorer.is_running():
            scorer.end(signal.SIGKILL)

    scored = predictions(settings)
    assert Counter(p.transaction_id for p in scored) == dict.fromkeys((m.transaction_id for m in messages), 1)
    by_canary = {p.transaction_id for p in scored if p.model_version == canary}
    assert by_canary and by_canary < {m.transaction_id for m in messages[:half]}
    assert {s.transaction_id for s in shadows(settings) if s.model_version == champion} == by_canary
    assert registry.version(CHAMPION) == champion


def test_a_refused_version_decides_on_nobody_whatever_alias_it_has_and_counts_outlive_the_scorer(settings, tmp_path):
    settings = settings.model_copy(update={"canary_percent": 50, "shadow_percent": 50})
    registry = Registry(settings)
    champion = bundles.register(settings, tmp_path / "champion")
    refused = bundles.register(settings, tmp_path / "refused", seed=2, threshold=1e-9)
    looking_on = bundles.register(settings, tmp_path / "looking_on", seed=3)
    registry.set_alias(CHAMPION, champion)
    rollout.write_verdict(registry, refused, Verdict.REFUSED, "is not calibrated")
    registry.set_alias(CANARY, refused)
    registry.set_alias(CHALLENGER, looking_on)
    messages = sorted(transaction_messages(bundles.transactions(10), Disturbances()))
    half = len(messages) // 2
    observed = []
    for part in (messages[:half], messages[half:]):
        scorer = ScorerProcess(settings)
        try:
            scorer.start()
            wait_until(lambda: kinds(settings).count("challenger_loaded") == len(observed) + 1, "the challenger")
            send(settings, part)
            wait_for(settings, half if not observed else len(messages))
            assert scorer.end(signal.SIGKILL) == -signal.SIGKILL
        finally:
            if scorer.is_running():
                scorer.end(signal.SIGKILL)
        counts = observed_alerts(settings, scorer_events(settings), {CHALLENGER: looking_on})
        observed.append(counts[CHALLENGER].rows)

    assert {p.model_version for p in predictions(settings)} == {champion}
    assert len(predictions(settings)) == len(messages)
    refusal = next(e for e in scorer_events(settings) if e.kind == "canary_refused")
    assert refusal.model_version == refused and "is not calibrated" in refusal.reason
    seen = sum(s.model_version == looking_on for s in shadows(settings))
    assert 0 < observed[0] < observed[1] == seen


def shadows(settings: Settings) -> list[ShadowPrediction]:
    decode = msgspec.json.Decoder(ShadowPrediction).decode
    return [decode(m.value()) for m in read(settings, settings.kafka_shadow_topic)]


def kinds(settings: Settings) -> list[str]:
    return [event.kind for event in scorer_events(settings)]
