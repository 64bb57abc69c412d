"""The watcher of aliases: takes over what is good, refuses what is not, and the model in force stays."""

import numpy as np
import pytest

from fraud_platform.core.model_bundle import MODEL, ModelBundle
from fraud_platform.operations import rollout
from fraud_platform.operations.aliases import CANARY, CHALLENGER, CHAMPION
from fraud_platform_tests.support import bundles
from fraud_platform_tests.support.watched_aliases import AWAY, Folders, does_not_load
from streaming.models import alias_watcher


def is_tampered_with(registry: Folders) -> None:
    model = registry.save(2, bundles.bundle()) / MODEL
    model.write_bytes(model.read_bytes() + b"\0")


def has_other_features(registry: Folders) -> None:
    registry.save(2, bundles.bundle(declared=bundles.OTHER_FEATURES))


def scores_otherwise(registry: Folders) -> None:
    good = bundles.bundle()
    registry.save(2, ModelBundle(good.card, good.model, good.calibration, good.reference_features, np.full(256, 0.5)))


BAD = {
    does_not_load: "model.cbm cannot be read",
    is_tampered_with: "was altered: model.cbm",
    has_other_features: "reads of_another_declaration, which",
    scores_otherwise: "does not reproduce its 256 reference scores",
}


@pytest.mark.parametrize("alias", [CHAMPION, CHALLENGER, CANARY])
@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
def test_a_bad_model_is_refused_once_with_the_reason_and_the_one_in_force_stays(watcher, registry, scorer, make, alias):
    make(registry)
    registry.of[2] = {rollout.GATE: "passed"}
    registry.aliases[alias] = 2
    watcher.poll()
    watcher.poll()
    ((refused_alias, version, reason),) = scorer.refusals
    assert (refused_alias, version) == (alias, 2)
    assert BAD[make] in reason
    assert scorer.champions == [1]
    assert {version for versions in scorer.beside.values() for version in versions} <= {None}


def test_a_model_that_would_hold_the_stream_up_is_refused(watcher, registry, scorer, monkeypatch):
    monkeypatch.setattr(alias_watcher, "SLOWEST_US", 0.0)
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


@pytest.mark.parametrize("alias", [CHALLENGER, CANARY])
def test_a_version_that_becomes_champion_is_loaded_already(watcher, registry, scorer, alias):
    registry.save(2, bundles.bundle(2))
    registry.of[2] = {rollout.GATE: "passed"}
    registry.aliases[alias] = 2
    watcher.poll()
    registry.aliases[CHAMPION] = 2
    watcher.poll()
    assert (scorer.champions, scorer.beside[alias]) == ([1, 2], [2, None])
    assert registry.downloads == [1, 2]


def test_from_challenger_to_canary_it_is_loaded_once(watcher, registry, scorer):
    registry.save(2, bundles.bundle(2))
    registry.of[2] = {rollout.GATE: "passed"}
    registry.aliases[CHALLENGER] = 2
    watcher.poll()
    registry.aliases = {CHAMPION: 1, CANARY: 2}
    watcher.poll()
    assert scorer.beside == {CHALLENGER: [2, None], CANARY: [2]}
    assert registry.downloads == [1, 2]


@pytest.mark.parametrize("alias", [CHAMPION, CHALLENGER, CANARY])
def test_what_the_gate_refused_scores_nothing_whatever_alias_somebody_gives_it(watcher, registry, scorer, alias):
    registry.save(2, bundles.bundle(2))
    registry.of[2] = {rollout.GATE: "refused", rollout.GATE_REASON: "is not calibrated"}
    registry.aliases[alias] = 2
    watcher.poll()
    ((_, version, reason),) = scorer.refusals
    assert version == 2 and "is not calibrated" in reason
    assert scorer.champions == [1] and scorer.beside[CANARY] in ([], [None])


@pytest.mark.parametrize(
    ("verdict", "decides"), [(None, False), ("waiting", False), ("passed", True), ("overridden", True)]
)
def test_only_what_passed_the_gate_decides_as_canary(watcher, registry, scorer, verdict, decides):
    registry.save(2, bundles.bundle(2))
    registry.of[2] = {rollout.GATE: verdict} if verdict else {}
    registry.aliases[CANARY] = 2
    watcher.poll()
    assert (scorer.beside[CANARY] == [2]) == decides == (not scorer.refusals)


def test_a_challenger_whose_alias_goes_competes_no_longer(watcher, registry, scorer):
    registry.save(2, bundles.bundle(2))
    registry.aliases[CHALLENGER] = 2
    watcher.poll()
    del registry.aliases[CHALLENGER]
    watcher.poll()
    assert scorer.beside[CHALLENGER] == [2, None]


def test_a_canary_that_was_sent_back_loses_its_alias_once_mlflow_lets_it(watcher, registry, scorer):
    registry.save(2, bundles.bundle(2))
    registry.of[2] = {rollout.GATE: "passed"}
    registry.aliases[CANARY] = 2
    watcher.poll()
    scorer.going = [(2, "too many alerts")]
    registry.away = AWAY
    watcher.poll()
    assert registry.aliases[CANARY] == 2
    registry.away = None
    watcher.poll()
    assert CANARY not in registry.aliases
    assert scorer.beside[CANARY] == [2, None]
