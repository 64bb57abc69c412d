"""The search for hyper-parameters."""

from dataclasses import replace

import numpy as np
import pytest

from fraud_platform.core.training import search as searching
from fraud_platform.core.training.params import Boosting
from fraud_platform.core.training.search import SearchTrial, search
from fraud_platform.core.training.train import train_candidates
from fraud_platform_tests.support.training_rows import PARAMS, dataset

DATASET = dataset()
START = Boosting(rounds=12, learning_rate=0.02)
TRIALS = 5


def searched(seed: int = 5) -> tuple[Boosting, list[SearchTrial]]:
    trials: list[SearchTrial] = []
    return search(DATASET.train, DATASET.validation, START, TRIALS, seed, trials.append), trials


@pytest.fixture(scope="module")
def outcome():
    return searched()


def test_it_takes_the_best_of_so_many_trials_the_start_among_them(outcome):
    found, trials = outcome
    assert [trial.number for trial in trials] == list(range(1, TRIALS + 1))
    assert trials[0].boosting == START and not trials[0].pruned
    best = max((trial for trial in trials if not trial.pruned), key=lambda trial: trial.average_precision)
    assert found == best.boosting and best.average_precision > trials[0].average_precision


def test_the_same_seed_proposes_the_same(outcome):
    assert searched() == outcome
    assert searched(seed=6)[0] != outcome[0]


def test_a_trial_that_lags_behind_is_given_up(monkeypatch):
    monkeypatch.setattr(searching, "UNPRUNED_TRIALS", 1)
    monkeypatch.setattr(searching, "UNPRUNED_ROUNDS", 2)
    monkeypatch.setattr(searching, "PRUNING_INTERVAL", 1)
    _, trials = searched()
    assert any(trial.pruned for trial in trials) and not all(trial.pruned for trial in trials)


def test_trials_are_fitted_on_a_bounded_number_of_legitimate_rows_and_all_frauds(monkeypatch):
    monkeypatch.setattr(searching, "MAX_LEGITIMATE", 500)
    thinned = searching._thinned(DATASET.train, seed=1)
    assert np.count_nonzero(~thinned.labels) == 500
    assert thinned.labels.sum() == DATASET.train.labels.sum()


def test_the_main_model_is_trained_with_what_was_found_and_each_trial_is_told():
    lines: list[str] = []
    trials: list[SearchTrial] = []
    params = replace(PARAMS, search_trials=2, references=False)
    trained = train_candidates(DATASET, params, lines.append, model_name="toy", snapshot={}, on_trial=trials.append)
    assert [line.split(" average")[0] for line in lines[:2]] == [
        "search: trial 1 of 2 reached",
        "search: trial 2 of 2 reached",
    ]
    best = max(trials, key=lambda trial: trial.average_precision)
    assert trained.params.found == best.boosting
    assert trained.main.model.classifier.get_param("learning_rate") == pytest.approx(best.boosting.learning_rate)
    assert trained.params.flat()["boosting_depth"] == best.boosting.depth
