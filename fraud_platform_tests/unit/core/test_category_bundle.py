"""A bundle whose model knows categories: by codes, which only the bundle can tell from the hashes of the kernel."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from fraud_platform.core.model_bundle import CARD, MODEL, ModelBundle
from fraud_platform.core.training.train import TrainedModels, train_candidates
from fraud_platform.errors import BundleError
from fraud_platform.storage.bundle_folder import load_bundle, save_bundle
from fraud_platform_tests.support.category_rows import (
    CHANNEL,
    CHANNELS,
    COUNTRIES,
    COUNTRY,
    ONLINE,
    SCORE,
    dataset,
)
from fraud_platform_tests.support.training_rows import PARAMS

DATASET = dataset()
FEATURES = DATASET.test.features
UNKNOWN = np.nextafter(ONLINE, -np.inf)
"""A hash beside that of a value that is known."""


@pytest.fixture(scope="module")
def trained() -> TrainedModels:
    return train_candidates(DATASET, PARAMS, lambda line: None, model_name="toy", snapshot={})


@pytest.fixture(scope="module")
def bundle(trained) -> ModelBundle:
    return trained.bundle


@pytest.fixture
def folder(bundle, tmp_path) -> Path:
    return save_bundle(bundle, tmp_path / "bundle")


def with_channel(value: float) -> np.ndarray:
    changed = FEATURES.copy()
    changed[:, CHANNEL] = value
    return changed


def decoded_with(bundle: ModelBundle, folder: Path, categories: object) -> ModelBundle:
    """The bundle decoded from its own files, the card with other categories."""
    card = msgspec.json.decode(msgspec.json.encode(bundle.card)) | {"categories": categories}
    model = (folder / MODEL).read_bytes()
    return ModelBundle.decode(bundle.encode() | {MODEL: model, CARD: msgspec.json.encode(card)}, "toy")


def test_the_card_has_the_values_that_real_rows_of_train_have_the_most_frequent_first(bundle):
    assert list(bundle.card.categories) == ["channel", "country"]
    real = DATASET.train.features[~DATASET.train.synthetic]
    for name, column, values in (("channel", CHANNEL, CHANNELS), ("country", COUNTRY, COUNTRIES)):
        known = bundle.card.categories[name]
        assert sorted(known) == sorted(values.tolist())
        counts = [np.count_nonzero(real[:, column] == value) for value in known]
        assert counts == sorted(counts, reverse=True)


def test_a_loaded_bundle_is_the_saved_one(bundle, folder):
    loaded = load_bundle(folder)
    loaded.verify()
    assert loaded.card == bundle.card
    np.testing.assert_array_equal(loaded.reference_features, bundle.reference_features)
    np.testing.assert_array_equal(loaded.score(FEATURES), bundle.score(FEATURES))


def test_reference_rows_are_those_of_the_kernel_and_their_scores_are_reproduced(bundle):
    assert set(bundle.reference_features[:, CHANNEL]) == set(CHANNELS)
    np.testing.assert_array_equal(bundle.score(bundle.reference_features), bundle.reference_probabilities)
    bundle.verify()


def test_reference_scores_of_other_categories_are_not_reproduced(bundle, folder):
    swapped = {name: values[::-1] for name, values in bundle.card.categories.items()}
    with pytest.raises(BundleError, match="reference scores"):
        decoded_with(bundle, folder, swapped).verify()
    with pytest.raises(BundleError, match="reference scores"):
        decoded_with(bundle, folder, {}).verify()


def test_every_candidate_scores_rows_as_the_kernel_gives_them_and_finds_the_channel(trained):
    assert len(trained.candidates) > 1
    for model in trained.candidates:
        assert model.test.average_precision > 5 * DATASET.test.labels.mean()
        online, other = (model.score(with_channel(channel)).mean() for channel in (ONLINE, CHANNELS[0]))
        assert online > 2 * other
    np.testing.assert_allclose(trained.bundle.score(FEATURES), trained.main.score(FEATURES), rtol=0, atol=1e-12)


def test_a_value_that_train_did_not_have_is_scored_as_other(bundle):
    scores = bundle.score(with_channel(UNKNOWN))
    coded = np.column_stack([FEATURES[:, SCORE], np.zeros(len(FEATURES)), FEATURES[:, 2], FEATURES[:, COUNTRY]])
    coded[:, COUNTRY] = [1.0 + bundle.card.categories["country"].index(value) for value in FEATURES[:, COUNTRY]]
    log_odds = bundle.model.predict(coded.astype(np.float32), prediction_type="RawFormulaVal")
    np.testing.assert_allclose(scores, bundle.calibration(1 / (1 + np.exp(-log_odds))), rtol=0, atol=1e-12)
    for other in (np.nextafter(ONLINE, np.inf), CHANNELS.min() * 2, CHANNELS.max() * 2, 0.0):
        np.testing.assert_array_equal(bundle.score(with_channel(other)), scores)
    assert not np.array_equal(bundle.score(with_channel(ONLINE)), scores)


def test_contributions_of_coded_rows_add_up_and_the_channel_is_told_in_words(bundle):
    riskiest = FEATURES[np.argsort(-bundle.score(FEATURES))[:20]]
    contributions = bundle.contributions(riskiest)
    log_odds = contributions.values.sum(axis=1) + contributions.base
    probabilities = bundle.calibration(1 / (1 + np.exp(-log_odds)))
    np.testing.assert_allclose(probabilities, bundle.score(riskiest), atol=1e-6)
    for reasons in bundle.reasons(riskiest):
        assert "made with this channel, raises the risk" in reasons


def test_scoring_leaves_the_rows_as_they_are(bundle):
    before = FEATURES.copy()
    bundle.score(FEATURES)
    bundle.contributions(FEATURES[:5])
    np.testing.assert_array_equal(FEATURES, before)


@pytest.mark.parametrize(
    "categories",
    [
        {"shop": [1.0]},
        {"channel": [1.0], "": []},
        {"channel": ["online"]},
        {"channel": [None]},
        {"channel": 1.0},
        {"channel": [[1.0]]},
        ["channel"],
        "channel",
        None,
    ],
    ids=str,
)
def test_malformed_categories_are_refused(bundle, folder, categories):
    with pytest.raises(BundleError, match="toy is malformed"):
        decoded_with(bundle, folder, categories)


def test_a_bundle_of_an_earlier_release_has_no_categories(bundle, folder):
    card = msgspec.json.decode(msgspec.json.encode(bundle.card))
    del card["categories"]
    files = bundle.encode() | {MODEL: (folder / MODEL).read_bytes(), CARD: msgspec.json.encode(card)}
    assert ModelBundle.decode(files, "toy").card == msgspec.structs.replace(bundle.card, categories={})
