"""Drift of categories against the reference that a training leaves in its bundle."""

from dataclasses import replace

import numpy as np
import pytest

from fraud_platform.core.model_bundle import ModelBundle
from fraud_platform.core.monitoring.drift import FeatureCounts, feature_drift
from fraud_platform.core.training.train import train_candidates
from fraud_platform_tests.support.category_rows import CHANNEL, CHANNELS, COUNTRY, ONLINE, dataset, dated_rows
from fraud_platform_tests.support.training_rows import PARAMS

UNSEEN = np.nextafter(ONLINE, -np.inf)


@pytest.fixture(scope="module")
def bundle() -> ModelBundle:
    params = replace(PARAMS, references=False)
    return train_candidates(dataset(), params, lambda line: None, model_name="toy", snapshot={}).bundle


def told(bundle: ModelBundle, features: np.ndarray) -> dict[str, dict]:
    counts = FeatureCounts(bundle.card.drift_reference, bundle.card.features)
    counts.add(features, bundle.coded(features))
    return {row["feature"]: row for row in feature_drift(counts, list(bundle.card.categories))}


@pytest.fixture
def later() -> np.ndarray:
    return dated_rows(9, "2026-04-01").features


def test_the_same_shares_of_channels_and_countries_are_no_drift(bundle, later):
    rows = told(bundle, later)
    assert not any(row["drifted"] for row in rows.values())
    assert rows["channel"]["unseen_share"] == 0 and rows["score"]["unseen_share"] is None


def test_other_shares_of_known_values_are_a_drift(bundle, later):
    later[:1_000, CHANNEL] = CHANNELS[2]
    assert [name for name, row in told(bundle, later).items() if row["drifted"]] == ["channel"]


def test_a_value_that_training_never_had_is_told_with_its_share(bundle, later):
    later[::5, CHANNEL] = UNSEEN
    row = told(bundle, later)["channel"]
    assert row["drifted"] and row["unseen_share"] == 0.2


def test_a_field_that_is_no_longer_sent_is_told_by_the_share_of_its_default(bundle, later):
    later[:, COUNTRY] = 0.0
    row = told(bundle, later)["country"]
    assert row["drifted"] and row["default_share"] == 1
    assert row["reference_default_share"] == pytest.approx(1 / 3, abs=0.05)
