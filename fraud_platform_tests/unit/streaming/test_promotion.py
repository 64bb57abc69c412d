"""The watcher of aliases: takes over what is good, refuses what is not, and the model in force stays."""

from pathlib import Path

import numpy as np
import pytest

from fraud_platform.core.scoring import MODEL, ModelBundle
from fraud_platform.errors import ServiceUnavailableError
from fraud_platform.storage.registry import CHALLENGER, CHAMPION
from fraud_platform_tests import bundles
from streaming import promotion
from streaming.promotion import AliasWatcher


class Folders:
    """A registry whose versions are folders."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.aliases, self.away = folder, {}, False
        self.downloads: list[int] = []
        self.copies: set[int] = set()

    def save(self, version: int, bundle: ModelBundle) -> Path:
        return bundle.save(self.folder / str(version))

    def version(self, alias: str) -> int | None:
        if self.away:
            raise ServiceUnavailableError("MLflow does not answer")
        return self.aliases.get(alias)

    def download(self, version: int) -> Path:
        self.downloads.append(version)
        return self.folder / str(version)

    def downloaded(self, version: int) -> Path | None:
        return self.folder / str(version) if version in self.copies else None

    def delete_alias(self, alias: str) -> None:
        self.aliases.pop(alias, None)


class Scorer:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.unwanted: int | None = None
        self.champions: list[int] = []
        self.challengers: list[int | None] = []
        self.refusals: list[tuple[str, int, str]] = []

    def take_over(self, model) -> None:
        self.champions.append(model.version)

    def challenge(self, model) -> None:
        self.challengers.append(model and model.version)

    def refuse(self, alias: str, version: int, reason: str) -> None:
        self.refusals.append((alias, version, reason))


@pytest.fixture
def registry(tmp_path) -> Folders:
    folders = Folders(tmp_path)
    folders.save(1, bundles.bundle())
    folders.aliases[CHAMPION] = 1
    return folders


@pytest.fixture
def scorer() -> Scorer:
    return Scorer()


@pytest.fixture
def watcher(registry, scorer, settings) -> AliasWatcher:
    watcher = started(settings, registry, scorer)
    watcher.poll()
    return watcher


def started(settings, registry: Folders, scorer: Scorer, last_champion: int | None = None) -> AliasWatcher:
    return AliasWatcher(settings, registry, lambda: last_champion, scorer, lambda error: pytest.fail(str(error)))


def does_not_load(registry: Folders) -> None:
    folder = registry.save(2, bundles.bundle())
    (folder / MODEL).unlink()


def is_tampered_with(registry: Folders) -> None:
    model = registry.save(2, bundles.bundle()) / MODEL
    model.write_bytes(model.read_bytes() + b"\0")


def has_other_features(registry: Folders) -> None:
    registry.save(2, bundles.bundle(feature_set="another"))


def scores_otherwise(registry: Folders) -> None:
    good = bundles.bundle()
    registry.save(2, ModelBundle(good.card, good.model, good.calibration, good.reference_features, np.full(256, 0.5)))


BAD = {
    does_not_load: "model.cbm cannot be read",
    is_tampered_with: "was altered: model.cbm",
    has_other_features: "feature set another",
    scores_otherwise: "does not reproduce its 256 reference scores",
}


@pytest.mark.parametrize("alias", [CHAMPION, CHALLENGER])
@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
def test_a_bad_model_is_refused_once_with_the_reason_and_the_one_in_force_stays(watcher, registry, scorer, make, alias):
    make(registry)
    registry.aliases[alias] = 2
    watcher.poll()
    watcher.poll()
    ((refused_alias, version, reason),) = scorer.refusals
    assert (refused_alias, version) == (alias, 2)
    assert BAD[make] in reason
    assert scorer.champions == [1]
    assert set(scorer.challengers) <= {None}


def test_a_model_that_would_hold_the_stream_up_is_refused(watcher, registry, scorer, monkeypatch):
    monkeypatch.setattr(promotion, "SLOWEST_US", 0.0)
    registry.save(2, bundles.bundle())
    registry.aliases[CHAMPION] = 2
    watcher.poll()
    ((_, _, reason),) = scorer.refusals
    assert "microseconds a transaction, 0 are allowed" in reason
    assert scorer.champions == [1]


def test_a_good_model_follows_a_refused_one(watcher, registry, scorer):
    has_other_features(registry)
    registry.save(3, bundles.bundle(2))
    for version in (2, 3):
        registry.aliases[CHAMPION] = version
        watcher.poll()
    assert scorer.champions == [1, 3]


def test_a_challenger_that_becomes_champion_is_loaded_already(watcher, registry, scorer):
    registry.save(2, bundles.bundle(2))
    registry.aliases[CHALLENGER] = 2
    watcher.poll()
    registry.aliases[CHAMPION] = 2
    watcher.poll()
    assert (scorer.champions, scorer.challengers) == ([1, 2], [2, None])
    assert registry.downloads == [1, 2]


def test_a_challenger_whose_alias_goes_competes_no_longer(watcher, registry, scorer):
    registry.save(2, bundles.bundle(2))
    registry.aliases[CHALLENGER] = 2
    watcher.poll()
    registry.delete_alias(CHALLENGER)
    watcher.poll()
    assert scorer.challengers == [2, None]


def test_a_challenger_that_was_sent_back_loses_its_alias_and_does_not_return(watcher, registry, scorer):
    registry.save(2, bundles.bundle(2))
    registry.aliases[CHALLENGER] = 2
    watcher.poll()
    scorer.unwanted = 2
    watcher.poll()
    assert CHALLENGER not in registry.aliases
    watcher.poll()
    assert scorer.challengers == [2, None]


def test_an_mlflow_that_is_away_changes_nothing(watcher, registry, scorer):
    registry.away = True
    watcher.poll()
    assert (scorer.champions, scorer.challengers, scorer.refusals) == ([1], [], [])


def test_a_scorer_that_starts_while_mlflow_is_away_goes_on_with_its_copy_of_the_last_champion(
    registry, scorer, settings
):
    registry.away, registry.copies = True, {1}
    watcher = started(settings, registry, scorer, last_champion=1)
    watcher.poll()
    watcher.poll()
    registry.away = False
    watcher.poll()
    assert (scorer.champions, registry.downloads) == ([1], [])

    registry.save(2, bundles.bundle(2))
    registry.aliases[CHAMPION] = 2
    watcher.poll()
    assert scorer.champions == [1, 2]


@pytest.mark.parametrize(("last", "copies"), [(None, {1}), (1, set()), (2, {2})], ids=["first start", "none", "broken"])
def test_without_a_good_copy_it_waits_for_mlflow(registry, scorer, settings, last, copies):
    does_not_load(registry)
    registry.away, registry.copies = True, copies
    watcher = started(settings, registry, scorer, last)
    watcher.poll()
    assert scorer.champions == []
    registry.away = False
    watcher.poll()
    assert scorer.champions == [1]
