"""The contract that every candidate keeps."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from fraud_platform.core.training.candidates import CANDIDATES
from fraud_platform_tests.support.training_rows import PARAMS, dataset

DATASET = dataset()
TEST = DATASET.test


@pytest.fixture(params=CANDIDATES, ids=lambda candidate: candidate.name, scope="module")
def candidate(request):
    return request.param


@pytest.fixture(scope="module")
def scores(candidate):
    return candidate.fit(DATASET.train, DATASET.validation, PARAMS).predict_proba(TEST.features)


def test_gives_one_float64_between_0_and_1_a_row(scores):
    assert scores.shape == (len(TEST.labels),) and scores.dtype == np.float64
    assert scores.min() >= 0 and scores.max() <= 1 and np.isfinite(scores).all()


def test_ranks_frauds_far_above_chance(scores):
    assert average_precision_score(TEST.labels, scores) > 5 * TEST.labels.mean()


def test_the_same_rows_and_seed_give_the_same_scores(candidate, scores):
    again = candidate.fit(DATASET.train, DATASET.validation, PARAMS).predict_proba(TEST.features)
    assert np.array_equal(again, scores)
