"""Promotions, rollbacks and canaries in a row under traffic: each transaction has one prediction.

MODEL_CHANGES of them at PER_SECOND transactions a second.
"""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from fraud_platform.feeding.messages import Disturbances, Message, transaction_messages
from fraud_platform.operations import promotion, rollout
from fraud_platform.operations.aliases import CANARY, CHAMPION
from fraud_platform.operations.deployment_history import deployments
from fraud_platform.operations.ledger import scorer_events
from fraud_platform.operations.promotion import Request
from fraud_platform.settings import Settings
from fraud_platform.storage.registry import Registry
from fraud_platform_tests.support import bundles
from fraud_platform_tests.support.kafka_outcome import predictions
from fraud_platform_tests.support.live_traffic import LiveTraffic
from fraud_platform_tests.support.long_tests import long_test
from fraud_platform_tests.support.scorer_process import ScorerProcess
from fraud_platform_tests.support.waiting import wait_until

CHANGES = int(os.environ.get("MODEL_CHANGES", "20"))
PER_SECOND = float(os.environ.get("PER_SECOND", "1000"))
VERSIONS = 3


def endless() -> Iterator[Message]:
    """Transactions of a small world again and again, each with an id of its own."""
    once = sorted(transaction_messages(bundles.transactions(10), Disturbances()))
    for turn in count():
        for message in once:
            new_id = f"{message.transaction_id}-{turn}"
            value = message.value.replace(message.transaction_id.encode(), new_id.encode())
            yield message._replace(value=value, transaction_id=new_id)


@pytest.fixture
def settings(mlflow_server, make_scorer_settings) -> Settings:
    # A canary of equal worth may still raise other alerts in a few seconds; here none is to be sent back.
    return make_scorer_settings(
        canary_percent=20, shadow_percent=10, canary_alert_factor=1000, promotion_poll_seconds=0.5
    )


@long_test
def test_no_prediction_is_lost_or_doubled(settings, tmp_path: Path):
    registry = Registry(settings)
    versions = [bundles.register(settings, tmp_path / str(n), seed=n) for n in range(1, VERSIONS + 1)]
    for version in versions:
        rollout.write_verdict_passed(registry, version)
    registry.set_alias(CHAMPION, versions[0])
    scorer, traffic = ScorerProcess(settings), LiveTraffic(settings, endless(), PER_SECOND)
    scorer.start()
    traffic.start()
    try:
        wait_until(lambda: predictions(settings), "a first prediction")
        for number in range(CHANGES):
            change(settings, registry, number, versions)
        traffic.end()
        wait_until(lambda: len(predictions(settings)) >= len(traffic.sent), "the rest")
        assert scorer.end(signal.SIGTERM) == 0
    finally:
        traffic.end()
        if scorer.is_running():
            scorer.end(signal.SIGKILL)

    scored = predictions(settings)
    assert Counter(p.transaction_id for p in scored) == dict.fromkeys(traffic.sent, 1)
    assert len(deployments(scorer_events(settings))) == CHANGES + 1
    assert {p.model_version for p in scored} == set(versions)
    tried = [event.model_version for event in scorer_events(settings) if event.kind == "canary_loaded"]
    assert len(tried) == CHANGES // 3


def change(settings: Settings, registry: Registry, number: int, versions: list[int]) -> None:
    """By turns: a promotion, a canary that becomes champion, and a rollback."""
    champion = registry.version(CHAMPION)
    following = versions[(versions.index(champion) + 1) % VERSIONS]
    request = Request(following, "a test", f"change {number}")
    if number % 3 == 2:
        promotion.roll_back(settings, registry, request)
        return
    if number % 3 == 1:
        loaded = len([e for e in scorer_events(settings) if e.kind == "canary_loaded"])
        registry.set_alias(CANARY, following)
        wait_until(
            lambda: len([e for e in scorer_events(settings) if e.kind == "canary_loaded"]) > loaded, "the canary"
        )
    promotion.promote(settings, registry, request, override_gate=True)
