"""A live stack of an earlier commit goes on with this one: under traffic, with nothing lost, doubled or forgotten."""

import os
import signal
import subprocess
import tarfile
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest

from fraud_platform.feeding.messages import Disturbances, transaction_messages
from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.operations import promotion
from fraud_platform.operations.aliases import CHALLENGER, CHAMPION
from fraud_platform.operations.deployment_history import deployments
from fraud_platform.operations.ledger import scorer_events, write_event
from fraud_platform.operations.promotion import Request
from fraud_platform.operations.rollout import write_verdict_passed
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.registry import BUNDLE_DIGEST, Registry
from fraud_platform_tests.support import bundles
from fraud_platform_tests.support.kafka_outcome import assert_features_equal_batch, predictions
from fraud_platform_tests.support.live_traffic import LiveTraffic
from fraud_platform_tests.support.scorer_process import ScorerProcess
from fraud_platform_tests.support.waiting import wait_until

BASES = ["4f0721a"]
"""Commits whose stacks are in use; all but the newest release's go when nobody runs them any more."""
PER_SECOND = 40


@pytest.fixture(params=BASES)
def base(request, tmp_path) -> Path:
    """The source tree of an earlier commit."""
    archive = subprocess.run(["git", "archive", request.param], cwd=PROJECT_ROOT, capture_output=True, check=False)
    if archive.returncode:
        missing = f"commit {request.param} is not in this checkout: git fetch --unshallow"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as tree:
        tree.extractall(tmp_path / "base", filter="data")
    return tmp_path / "base"


def version_of_the_base(settings: Settings, folder: Path, seed: int) -> int:
    """A version as the base registered it: with the alias challenger, without a digest."""
    registry = Registry(settings)
    version = bundles.register(settings, folder, seed=seed)
    registry.delete_tag(version, BUNDLE_DIGEST)
    registry.set_alias(CHALLENGER, version)
    return version


def promoted_by_the_base(settings: Settings, version: int) -> None:
    write_event(
        settings,
        ScorerEvent(
            kind="champion_set", scorer_id="promotion", at_ms=now_ms(), model_version=version, by="ann", reason="first"
        ),
    )
    Registry(settings).set_alias(CHAMPION, version)


def test_the_champion_goes_on_and_every_transaction_has_one_prediction(
    base, mlflow_server, make_scorer_settings, tmp_path
):
    settings = make_scorer_settings(starting_offsets="earliest")
    registry = Registry(settings)
    champion = version_of_the_base(settings, tmp_path / "first", seed=1)
    promoted_by_the_base(settings, champion)
    version_of_the_base(settings, tmp_path / "refused", seed=2)
    messages = sorted(transaction_messages(bundles.transactions(40), Disturbances(late=0.05, duplicates=0.02)))
    traffic = LiveTraffic(settings, messages, PER_SECOND)
    before, after = ScorerProcess(settings), ScorerProcess(settings)
    before.run_code_of(base)
    traffic.start()
    try:
        before.start()
        wait_until(lambda: len(predictions(settings)) > 200, "predictions of the former release")
        assert before.end(signal.SIGTERM) == 0
        scored_before = len(predictions(settings))
        after.start()
        wait_until(lambda: len(predictions(settings)) > scored_before + 200, "predictions of this release")
        assert {p.model_version for p in predictions(settings)} == {champion}
        newer = bundles.register(settings, tmp_path / "newer", seed=3)
        write_verdict_passed(registry, newer)
        promotion.promote(settings, registry, Request(newer, "bob", "better"))
        wait_until(lambda: newer in {p.model_version for p in predictions(settings)}, "predictions of the newer")
        traffic.end()
        due = traffic.sent
        wait_until(lambda: len(predictions(settings)) >= len(due), "the rest")
        assert after.end(signal.SIGTERM) == 0
    finally:
        traffic.end()
        for process in (before, after):
            if process.is_running():
                process.end(signal.SIGKILL)

    assert Counter(p.transaction_id for p in predictions(settings)) == dict.fromkeys(due, 1)
    assert [
        (deployment.version, deployment.by, deployment.reason) for deployment in deployments(scorer_events(settings))
    ] == [
        (champion, "ann", "first"),
        (newer, "bob", "better"),
    ]
    first, second = deployments(scorer_events(settings))
    assert first.to_offsets == second.from_offsets
    assert {p.model_version for p in predictions(settings)} == {champion, newer}
    assert_features_equal_batch(settings)
