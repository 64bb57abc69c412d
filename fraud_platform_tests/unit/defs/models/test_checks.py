"""The check of the candidates, on what an event log says of them; and versions of other features before the gate."""

import dagster as dg
import numpy as np
import pytest

from fraud_platform.core.training.dataset import DatedRows
from fraud_platform.defs.models import checks
from fraud_platform.defs.models.candidate_run import CANDIDATES
from fraud_platform.errors import ModelError
from fraud_platform.storage.bundle_folder import save_bundle
from fraud_platform_tests.support import bundles


@pytest.mark.parametrize(("reference", "passed"), [(0.3, True), (0.5, False)])
def test_a_reference_that_ranks_better_is_a_warning(reference, passed):
    precision = {"a_reference": reference, "catboost": 0.4}
    with dg.DagsterInstance.ephemeral() as fresh:
        fresh.report_runless_asset_event(
            dg.AssetMaterialization(CANDIDATES, metadata={"main_model": "catboost", "average_precision": precision})
        )
        outcome = checks.main_model_beats_references(dg.build_asset_check_context(instance=fresh))
    assert (outcome.passed, outcome.severity) == (passed, dg.AssetCheckSeverity.WARN)


def test_with_nothing_to_beat_the_main_model_beats_nothing():
    with dg.DagsterInstance.ephemeral() as fresh:
        fresh.report_runless_asset_event(
            dg.AssetMaterialization(
                CANDIDATES, metadata={"main_model": "catboost", "average_precision": {"catboost": 1}}
            )
        )
        outcome = checks.main_model_beats_references(dg.build_asset_check_context(instance=fresh))
    assert not outcome.passed and "nothing to beat" in outcome.description


class Versions:
    """The registry and lake of a platform, in which version 1 is champion."""

    def __init__(self, folders):
        self.registry = self.lake = self
        self._folders = folders

    def version(self, alias):
        return 1

    def download(self, version):
        return self._folders[version]


def judged(tmp_path, monkeypatch, champion, challenger):
    """Version 2 before the gate."""
    made = {1: champion, 2: challenger}
    folders = {version: save_bundle(bundle, tmp_path / str(version)) for version, bundle in made.items()}
    features, labels = bundles.training_matrix()
    days = np.datetime64("2026-03-01") + np.arange(len(labels)) * 20 // len(labels)
    rows = DatedRows(features, labels, days, np.arange(len(labels)), np.ones(len(labels)))
    monkeypatch.setattr(checks, "read_test_rows", lambda lake: rows)
    with dg.DagsterInstance.ephemeral() as fresh:
        return checks.Judged(dg.build_asset_check_context(instance=fresh), Versions(folders), 2)


def test_a_champion_that_reads_features_that_are_not_declared_any_more_is_not_comparable(tmp_path, monkeypatch):
    champion = bundles.bundle(declared=bundles.OTHER_FEATURES)
    evidence = checks.beats_the_champion(judged(tmp_path, monkeypatch, champion, bundles.bundle(2)))
    assert not evidence.passed
    assert "not comparable: the champion, version 1, does not load: test reads of_another" in evidence.description


def test_a_champion_of_another_feature_set_is_compared_by_its_own_features(tmp_path, monkeypatch):
    """Features that came later do not change what it reads."""
    champion = bundles.bundle(feature_set="of fewer features")
    evidence = checks.beats_the_champion(judged(tmp_path, monkeypatch, champion, bundles.bundle(2)))
    assert "comparable" not in evidence.description
    assert evidence.metadata["frauds"] > 0


def test_a_version_that_reads_features_that_are_not_declared_does_not_load(tmp_path, monkeypatch):
    version = judged(tmp_path, monkeypatch, bundles.bundle(), bundles.bundle(2, declared=bundles.OTHER_FEATURES))
    with pytest.raises(ModelError, match="reads of_another_declaration"):
        checks.reproduces_reference_scores(version)
