"""What every declared feature promises about its words."""

from dataclasses import replace

import pytest

from fraud_platform.core.features.declaration import Feature
from fraud_platform.core.features.feature_set import feature_set_hash
from fraud_platform_tests.support.simulated_world import FEATURE_SET, FEATURES

ROW = {feature.name: 3.0 for feature in FEATURES}


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_every_feature_can_be_put_into_words(feature: Feature) -> None:
    usual, default = feature.sentence(1.0 - feature.default, ROW), feature.sentence(feature.default, ROW)
    for words in (usual, default):
        assert 3 <= len(words.split()) <= 20 and "{" not in words
    # A number, or different sentences for different values.
    assert "{value" in feature.words or usual != default


@pytest.mark.parametrize("feature", [f for f in FEATURES if f.default < 0], ids=lambda feature: feature.name)
def test_an_unknown_value_is_not_told_as_a_number(feature: Feature) -> None:
    assert f"{feature.default:.0f}" not in feature.sentence(feature.default, ROW)


def test_a_day_of_the_week_has_its_name() -> None:
    (weekday,) = (feature for feature in FEATURES if feature.name == "weekday")
    assert [weekday.sentence(day, ROW) for day in (0.0, 6.0)] == ["made on a Monday", "made on a Sunday"]


def hash_of(features: list[Feature]) -> str:
    return feature_set_hash(features, FEATURE_SET.history_days)


def test_other_words_make_no_other_feature_set() -> None:
    assert hash_of([replace(feature, words="other") for feature in FEATURES]) == FEATURE_SET.hash
    assert hash_of([replace(feature, unit="other") for feature in FEATURES]) != FEATURE_SET.hash
