from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from fraud_platform.core.model_bundle import CARD, MODEL, REFERENCE, Contributions, ModelBundle, reasons_of
from fraud_platform.core.training.train import train_candidates
from fraud_platform.errors import BundleError, FeatureSetMismatchError
from fraud_platform.storage.bundle_folder import MANIFEST, _sha256, load_bundle, save_bundle
from fraud_platform_tests.support.simulated_world import FEATURE_NAMES
from fraud_platform_tests.support.simulated_world import FEATURES as DECLARED
from fraud_platform_tests.support.training_rows import PARAMS, dataset

DATASET = dataset()
FEATURES = DATASET.test.features


@pytest.fixture(scope="module")
def bundle() -> ModelBundle:
    params = replace(PARAMS, references=False)
    return train_candidates(DATASET, params, lambda line: None, model_name="toy", snapshot={"version": 3}).bundle


@pytest.fixture
def folder(bundle, tmp_path) -> Path:
    return save_bundle(bundle, tmp_path / "bundle")


def rewrite(folder: Path, name: str, content: bytes) -> None:
    """Replace a file and its digest, so that only its content can give it away."""
    (folder / name).write_bytes(content)
    digests = msgspec.json.decode((folder / MANIFEST).read_bytes())
    (folder / MANIFEST).write_bytes(msgspec.json.encode(digests | {name: _sha256(content)}))


def test_a_loaded_bundle_is_the_saved_one(bundle, folder):
    loaded = load_bundle(folder)
    loaded.verify()
    assert loaded.card == bundle.card
    assert np.array_equal(loaded.score(FEATURES), bundle.score(FEATURES))


@pytest.mark.parametrize("name", [MODEL, CARD, REFERENCE, MANIFEST])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(BundleError, match=name):
        load_bundle(folder)


@pytest.mark.parametrize("name", [MODEL, CARD, REFERENCE])
def test_a_single_altered_byte_is_noticed(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(BundleError, match=f"{name} does not have the digest"):
        load_bundle(folder)


@pytest.mark.parametrize("name", [MODEL, CARD, REFERENCE])
@pytest.mark.parametrize("content", [b"", b"{}", b"\x80\x04N.", b"PK\x03\x04 not a zip"])
def test_malformed_content_with_a_right_digest_is_refused(folder, name, content):
    rewrite(folder, name, content)
    with pytest.raises(BundleError, match="malformed"):
        load_bundle(folder)


def test_a_pickle_in_the_reference_file_is_refused(folder):
    np.savez(folder / "evil.npz", features=np.array([{}], dtype=object), probabilities=np.zeros(1))
    rewrite(folder, REFERENCE, (folder / "evil.npz").read_bytes())
    with pytest.raises(BundleError, match="malformed"):
        load_bundle(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"calibration_scores": [0.0, 0.5]},
        {"calibration_probabilities": [1.0, 0.0], "calibration_scores": [0.0, 1.0]},
        {"features": []},
    ],
)
def test_a_card_that_contradicts_itself_or_the_model_is_refused(bundle, folder, change):
    rewrite(folder, CARD, msgspec.json.encode(msgspec.structs.replace(bundle.card, **change)))
    with pytest.raises(BundleError, match="malformed"):
        load_bundle(folder)


def test_a_model_reads_its_own_features_of_rows_that_have_more_and_in_another_order(bundle):
    more = replace(DECLARED[0], name="one_more")
    rows = np.column_stack([FEATURES[:, ::-1], np.full(len(FEATURES), 7.0)])
    reading = bundle.reading([*reversed(DECLARED), more])
    np.testing.assert_array_equal(reading.own(rows), FEATURES)
    np.testing.assert_array_equal(reading.score(rows), bundle.score(FEATURES))
    np.testing.assert_array_equal(reading.contributions(rows[:9]).values, bundle.contributions(FEATURES[:9]).values)
    assert reading.reasons(rows[:9]) == bundle.reasons(FEATURES[:9])
    reading.verify()


def test_rows_of_the_very_features_are_read_as_they_are(bundle):
    assert bundle.reading(DECLARED).own(FEATURES) is FEATURES
    assert bundle.reading([*DECLARED[1:], DECLARED[0]]).reading(DECLARED).own(FEATURES) is FEATURES


@pytest.mark.parametrize(
    "change", [{"name": "other"}, {"unit": "other"}, {"window": "2h"}, {"default": 9.0}, {"computation": "{}"}], ids=str
)
def test_a_model_whose_feature_is_not_there_or_is_another_is_refused(bundle, change):
    others = [replace(DECLARED[0], **change), *DECLARED[1:]]
    with pytest.raises(FeatureSetMismatchError, match=f"toy reads {DECLARED[0].name}, which"):
        bundle.reading(others)


@pytest.mark.parametrize("change", [{"words": "other {value}"}, {"words_if_default": "other"}, {"computation": ""}])
def test_other_words_make_no_other_feature_nor_does_a_release_that_wrote_no_computation(bundle, change):
    others = [replace(feature, **change) for feature in DECLARED]
    np.testing.assert_array_equal(bundle.reading(others).score(FEATURES), bundle.score(FEATURES))


@pytest.mark.parametrize("error", [2e-9, np.nan])
def test_reference_scores_that_are_not_reproduced_are_refused(bundle, error):
    shifted = bundle.reference_probabilities.copy()
    shifted[0] += error
    with pytest.raises(BundleError, match="reference scores"):
        replace(bundle, reference_probabilities=shifted).verify()


def test_scores_do_not_depend_on_layout_batch_or_threads(bundle):
    whole = bundle.score(FEATURES)
    assert np.array_equal(bundle.score(np.asfortranarray(FEATURES)), whole)
    assert np.array_equal(np.concatenate([bundle.score(part) for part in np.array_split(FEATURES, 7)]), whole)
    assert np.array_equal(replace(bundle, thread_count=1).score(FEATURES), whole)
    assert bundle.score(FEATURES[:0]).shape == (0,)


def test_contributions_and_base_add_up_to_the_log_odds(bundle):
    contributions = bundle.contributions(FEATURES[:50])
    log_odds = contributions.values.sum(axis=1) + contributions.base
    raw = bundle.model.predict(FEATURES[:50].astype(np.float32), prediction_type="RawFormulaVal")
    assert np.allclose(log_odds, raw, atol=1e-6)


def test_reasons_say_the_strongest_features_with_value_and_direction(bundle):
    riskiest = FEATURES[np.argsort(-bundle.score(FEATURES))[:5]]
    values = bundle.contributions(riskiest).values
    for row, moved, words in zip(riskiest, values, bundle.reasons(riskiest), strict=True):
        strongest = np.argmax(np.abs(moved))
        direction = "raises" if moved[strongest] > 0 else "lowers"
        named = dict(zip(FEATURE_NAMES, row, strict=True))
        assert len(words) == 3
        assert words[0] == f"{DECLARED[strongest].sentence(row[strongest], named)}, {direction} the risk"
        # The toy frauds are made of the first and the fourth feature.
        assert FEATURE_NAMES[strongest] in (FEATURE_NAMES[0], FEATURE_NAMES[3]) and direction == "raises"


def test_a_large_amount_is_explained_against_the_customer_s_mean():
    row = np.array([feature.default for feature in DECLARED])
    row[FEATURE_NAMES.index("amount")] = 812.4
    ratio, night = FEATURE_NAMES.index("amount_to_mean_30d"), FEATURE_NAMES.index("is_night")
    row[ratio] = 6.2
    moved = np.zeros((1, len(DECLARED)))
    moved[0, ratio], moved[0, night] = 1.5, -0.5
    assert reasons_of(DECLARED, row[np.newaxis], Contributions(moved, np.zeros(1)), top=3) == [
        [
            "amount 812.40 is 6.20 times the customer's 30-day mean, raises the risk",
            "made by day, UTC, lowers the risk",
        ]
    ]


def test_no_rows_have_no_reasons(bundle):
    assert bundle.reasons(FEATURES[:0]) == []


def test_training_leaves_a_reference_of_the_rows_that_it_judged_on(bundle):
    drift = bundle.card.drift_reference
    assert drift.rows == len(DATASET.validation.labels) + len(DATASET.test.labels)
    assert [len(bins.shares) for bins in drift.features] == [len(bins.edges) + 2 for bins in drift.features]
    both = np.concatenate([bundle.score(part.features) for part in (DATASET.validation, DATASET.test)])
    assert drift.alert_share == pytest.approx(np.mean(both >= bundle.threshold), abs=1e-3)
    assert len(msgspec.json.encode(drift)) < 1_000 * len(FEATURE_NAMES)


def test_a_bundle_of_a_former_release_has_no_reference(bundle, folder):
    card = msgspec.json.decode(msgspec.json.encode(bundle.card))
    del card["drift_reference"]
    rewrite(folder, CARD, msgspec.json.encode(card))
    assert load_bundle(folder).card.drift_reference is None


def test_a_reference_of_other_features_is_malformed(bundle, folder):
    cut = msgspec.structs.replace(bundle.card.drift_reference, features=bundle.card.drift_reference.features[1:])
    rewrite(folder, CARD, msgspec.json.encode(msgspec.structs.replace(bundle.card, drift_reference=cut)))
    with pytest.raises(BundleError, match="a drift reference of"):
        load_bundle(folder)
