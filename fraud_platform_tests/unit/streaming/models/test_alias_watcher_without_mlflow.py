"""The watcher of aliases while MLflow is away or refuses: the model in force stays, or a copy of it is taken."""

from pathlib import Path

import pytest

from fraud_platform.errors import AccessDeniedError, ServiceUnavailableError
from fraud_platform.operations.aliases import CANARY, CHALLENGER, CHAMPION
from fraud_platform.storage.bundle_folder import bundle_digest
from fraud_platform_tests.support import bundles
from fraud_platform_tests.support.watched_aliases import AWAY, does_not_load, started


@pytest.mark.parametrize(
    "error", [ServiceUnavailableError("HTTP status 429"), AccessDeniedError("HTTP status 403")], ids=["429", "403"]
)
def test_an_mlflow_that_is_away_or_refuses_changes_nothing_and_is_told_once(watcher, registry, scorer, error, caplog):
    registry.away = error
    for _ in range(3):
        watcher.poll()
    assert (scorer.champions, scorer.beside, scorer.refusals) == ([1], {CHALLENGER: [], CANARY: []}, [])
    assert [record.message for record in caplog.records] == [f"{error}; the model in force goes on"]


@pytest.mark.parametrize("error", [ServiceUnavailableError("503"), AccessDeniedError("403")], ids=["503", "403"])
def test_a_download_that_mlflow_does_not_let_through_is_tried_again_and_refuses_no_model(
    watcher, registry, scorer, error, monkeypatch
):
    registry.save(2, bundles.bundle(2))
    registry.aliases[CHAMPION] = 2
    with monkeypatch.context() as patch:

        def fail(version: int) -> Path:
            raise error

        patch.setattr(registry, "download", fail)
        watcher.poll()
        assert (scorer.champions, scorer.refusals) == ([1], [])
    watcher.poll()
    assert scorer.champions == [1, 2]


@pytest.mark.parametrize("digest", ["right", "wrong"])
def test_a_copy_on_disk_is_taken_only_with_the_digest_that_the_ledger_knows(registry, scorer, settings, digest):
    registry.away, registry.copies = AWAY, {1}
    known = bundle_digest(registry.folder / "1") if digest == "right" else "0" * 64
    started(settings, registry, scorer, last_champion=1, digest=known).poll()
    assert scorer.champions == ([1] if digest == "right" else [])


def test_a_scorer_that_starts_while_mlflow_is_away_goes_on_with_its_copy_of_the_last_champion(
    registry, scorer, settings
):
    registry.away, registry.copies = AWAY, {1}
    watcher = started(settings, registry, scorer, last_champion=1)
    watcher.poll()
    watcher.poll()
    registry.away = None
    watcher.poll()
    assert (scorer.champions, registry.downloads) == ([1], [])

    registry.save(2, bundles.bundle(2))
    registry.aliases[CHAMPION] = 2
    watcher.poll()
    assert scorer.champions == [1, 2]


@pytest.mark.parametrize(("last", "copies"), [(None, {1}), (1, set()), (2, {2})], ids=["first start", "none", "broken"])
def test_without_a_good_copy_it_waits_for_mlflow(registry, scorer, settings, last, copies):
    does_not_load(registry)
    registry.away, registry.copies = AWAY, copies
    watcher = started(settings, registry, scorer, last)
    watcher.poll()
    assert scorer.champions == []
    registry.away = None
    watcher.poll()
    assert scorer.champions == [1]
