from dataclasses import replace

import msgspec
import numpy as np
import pytest

from fraud_platform.core.training.candidates import CANDIDATES
from fraud_platform.core.training.compare import ranking
from fraud_platform.core.training.train import train_candidates
from fraud_platform.errors import TrainingError
from fraud_platform_tests.support.training_rows import PARAMS, dataset

DATASET = dataset()
SNAPSHOT = {"transactions": {"0": [0, 100]}}


def train(params=PARAMS, rows=DATASET, on_progress=lambda line: None):
    return train_candidates(rows, params, on_progress, model_name="toy", snapshot=SNAPSHOT)


@pytest.fixture(scope="module")
def trained():
    return train()


def test_gives_every_candidate_with_the_main_one_first(trained):
    assert [model.name for model in trained.candidates] == [candidate.name for candidate in CANDIDATES]
    for model in trained.candidates:
        assert model.threshold.alerts_per_day <= PARAMS.alert_budget_per_day
        assert model.test.average_precision > 5 * DATASET.test.labels.mean()


def test_the_bundle_scores_as_the_main_candidate_does(trained):
    features = DATASET.test.features
    trained.bundle.verify()
    assert np.allclose(trained.bundle.score(features), trained.main.score(features), rtol=0, atol=1e-12)
    assert trained.bundle.threshold == trained.main.threshold.value
    assert trained.bundle.card.snapshot == SNAPSHOT


def test_the_reference_rows_hold_both_classes(trained):
    reference = {row.tobytes() for row in trained.bundle.reference_features}
    frauds = {row.tobytes() for row in DATASET.test.features[DATASET.test.labels]}
    assert len(reference) >= 200 and reference & frauds and reference - frauds


def test_the_same_rows_and_seed_give_the_same_bundle_scores(trained):
    again = train(replace(PARAMS, references=False))
    assert len(again.candidates) == 1
    assert np.array_equal(again.bundle.score(DATASET.test.features), trained.bundle.score(DATASET.test.features))
    assert list(again.bundle.card.rankings) == ["catboost"]
    assert msgspec.structs.replace(again.bundle.card, rankings=trained.bundle.card.rankings) == trained.bundle.card


def test_the_bundle_tells_how_the_model_and_its_references_ranked_the_test_rows(trained):
    rankings = trained.bundle.card.rankings
    assert list(rankings) == [candidate.name for candidate in CANDIDATES]
    for model in trained.candidates:
        assert rankings[model.name] == ranking(model.score(DATASET.test.features), DATASET.test)


def test_progress_names_every_candidate():
    lines: list[str] = []
    train(replace(PARAMS, references=False), on_progress=lines.append)
    assert [line.split(":")[0] for line in lines] == ["catboost", "catboost"]


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_a_split_without_frauds_is_named(part):
    rows = getattr(DATASET, part)
    without = replace(DATASET, **{part: replace(rows, labels=np.zeros_like(rows.labels))})
    with pytest.raises(TrainingError, match=f"the {part} split has 0 frauds"):
        train(rows=without)


@pytest.mark.parametrize("part", ["validation", "test"])
def test_frauds_of_blocked_cards_alone_are_not_enough(part):
    rows = getattr(DATASET, part)
    with pytest.raises(TrainingError, match=f"{part} split has 0 frauds .* not blocked"):
        train(rows=replace(DATASET, **{part: replace(rows, blocked=rows.labels)}))


def test_blocked_cards_of_validation_neither_stop_the_fit_nor_move_the_threshold(trained):
    """They do count in calibration."""
    rows = DATASET.validation
    blocked = np.random.default_rng(9).random(len(rows.labels)) < 0.3
    params = replace(PARAMS, references=False)
    without, marked = (
        train(params, replace(DATASET, validation=validation)).main
        for validation in (rows.select(~blocked), replace(rows, blocked=blocked))
    )
    features = DATASET.test.features
    assert np.array_equal(without.model.predict_proba(features), marked.model.predict_proba(features))
    assert marked.validation.transactions == without.validation.transactions
    assert not np.array_equal(without.score(features), marked.score(features))
