"""What the gate makes of small data, of a model that simpler ones outdo, and of a threshold that spares nobody."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from fraud_platform.core.model_bundle import ModelBundle
from fraud_platform.core.ranking import Ranking
from fraud_platform.core.training.dataset import Dataset, DatedRows
from fraud_platform.core.training.params import TrainingParams
from fraud_platform.core.training.threshold import threshold_for_budget
from fraud_platform.core.training.train import TrainedModels, train_candidates
from fraud_platform.operations.gate_evidence import (
    MIN_FRAUDS,
    alert_rate_on,
    enough_frauds,
    lacks_a_class,
    no_worse_than_simpler,
)
from fraud_platform.settings import Settings
from fraud_platform_tests.support import training_rows
from fraud_platform_tests.support.few_cards import FewCards

DATASET = training_rows.dataset()
DEFAULTS = TrainingParams.of(Settings(_env_file=None))
LIMIT = 0.1


def trained_on(dataset: Dataset, params: TrainingParams) -> TrainedModels:
    return train_candidates(dataset, params, lambda line: None, model_name="toy", snapshot={})


@pytest.fixture(scope="module")
def bundle() -> ModelBundle:
    return trained_on(DATASET, training_rows.PARAMS).bundle


def changed(bundle: ModelBundle, **card: object) -> ModelBundle:
    return replace(bundle, card=msgspec.structs.replace(bundle.card, **card))


def with_frauds(test: DatedRows, count: int) -> DatedRows:
    """The rows with so many frauds left; the others are left out."""
    left_out = np.flatnonzero(test.labels)[count:]
    return test.select(~np.isin(np.arange(len(test.labels)), left_out))


@pytest.mark.parametrize(
    ("validation", "test", "words"),
    [
        (MIN_FRAUDS, MIN_FRAUDS, None),
        (MIN_FRAUDS - 1, MIN_FRAUDS, "frauds: 29 in validation and 30 in test; 30 in each tell a share to 18 points: "),
        (MIN_FRAUDS, 3, "or raise TEST_DAYS, and train again"),
        (0, 0, "or raise VALIDATION_DAYS and TEST_DAYS, and train again"),
    ],
)
def test_too_few_frauds_are_counted_and_have_a_way_out(bundle, validation, test, words):
    found = enough_frauds(
        changed(bundle, metrics={"validation_frauds": float(validation)}), with_frauds(DATASET.test, test)
    )
    assert found.passed is (words is None)
    assert (words or "30 in test") in found.description and "\n" not in found.description


def test_frauds_of_blocked_cards_are_not_enough(bundle):
    assert enough_frauds(bundle, DATASET.test).passed
    assert not enough_frauds(bundle, replace(DATASET.test, blocked=DATASET.test.labels)).passed


def test_a_split_without_frauds_is_told_and_measures_nothing():
    assert lacks_a_class(DATASET.test) is None
    assert "has 0 frauds in" in (lacks_a_class(with_frauds(DATASET.test, 0)) or "")


def ranked(*by_day: float | None) -> Ranking:
    return Ranking(float(np.mean([value for value in by_day if value is not None])), list(by_day))


@pytest.mark.parametrize(
    ("main", "reference", "words"),
    [
        ((0.5, 0.6, 0.5, 0.6), (0.3, 0.3, 0.2, 0.3), None),
        ((0.5, 0.6, 0.5, 0.6), (0.55, 0.5, 0.6, 0.6), None),  # better by less than the days vary
        ((0.09, 0.1, 0.08, 0.09), (0.4, 0.45, 0.38, 0.41), "worse than forest (0.090 to 0.410, by day -0.320 ± 0.0"),
        ((0.5, None, 0.5, 0.6), (0.3, None, 0.2, 0.3), None),
        ((0.5, None, None, None), (0.3, None, None, None), "all frauds of the test split came on one day"),
    ],
)
def test_a_reference_that_ranks_better_beyond_the_noise_refuses_a_version(bundle, main, reference, words):
    version = changed(bundle, rankings={"catboost": ranked(*main), "forest": ranked(*reference)})
    found = no_worse_than_simpler(version, False, DATASET.test)
    assert found.passed is (words is None)
    assert (words or "no worse than rule_set") in found.description


def test_rules_that_rank_better_refuse_a_version(bundle):
    """The rules' ranking becomes the truth, so that no model does as well."""
    from fraud_platform.core.training.rules import rule_scores

    scores = rule_scores(DATASET.test.features, DATASET.feature_set.names)
    as_ruled = replace(DATASET.test, labels=scores >= np.quantile(scores, 0.95))
    found = no_worse_than_simpler(bundle, False, as_ruled)
    assert not found.passed and "average precision worse than rule_set (0." in found.description


def test_without_references_a_version_needs_a_champion(bundle):
    alone = changed(bundle, rankings={"catboost": bundle.card.rankings["catboost"]})
    assert "train with references" in no_worse_than_simpler(alone, False, DATASET.test).description
    of_old = changed(bundle, rankings={})
    for version, has_champion, passed in ((alone, False, False), (alone, True, True), (of_old, True, True)):
        assert no_worse_than_simpler(version, has_champion, DATASET.test).passed is passed


def test_features_that_tell_no_rule_leave_references_and_champion_to_judge_by(bundle):
    renamed = changed(bundle, features=[replace(one, name=f"f{i}") for i, one in enumerate(bundle.card.features)])
    assert "rule_set" in no_worse_than_simpler(bundle, False, DATASET.test).description
    with_references = no_worse_than_simpler(renamed, False, DATASET.test)
    assert with_references.passed and "rule_set" not in with_references.description
    alone = changed(renamed, rankings={"catboost": bundle.card.rankings["catboost"]})
    assert [no_worse_than_simpler(alone, has_champion, DATASET.test).passed for has_champion in (False, True)] == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("override", "words"),
    [
        (None, None),
        (1.0, None),
        (1e-9, "2,000 of 2,000 test transactions are alerts at the threshold 1e-09: 100.0%, over"),
    ],
)
def test_the_share_of_alerts_is_that_of_the_threshold_in_force(bundle, override, words):
    found = alert_rate_on(bundle, DATASET.test, override, LIMIT)
    assert found.passed is (words is None) and (words or "test transactions") in found.description
    assert ("raise FRAUD_THRESHOLD" in found.description) is (words is not None)


@pytest.mark.parametrize(
    ("cards", "alerts_before", "alerts", "refused"),
    [
        # 2,114 transactions in 123 days: the budget of 50 a day was larger than the traffic.
        (FewCards(3, 200, defrauded=1, honest=10), 146, 13, {"enough frauds"}),
        (FewCards(5, 200, defrauded=1, honest=10), 115, 115, {"enough frauds", "alert rate"}),
        # 232 a day.
        (FewCards(1, 300, defrauded=30, honest=150), 425, 171, {"enough frauds", "alert rate"}),
    ],
    ids=["2,114 transactions", "2,061 transactions", "232 a day"],
)
def test_small_data_does_not_promote_itself(cards, alerts_before, alerts, refused):
    dataset = cards.dataset(DEFAULTS)
    main, version = (trained := trained_on(dataset, DEFAULTS)).main, trained.bundle
    of_validation, of_test = (main.score(part.features) for part in (dataset.validation, dataset.test))
    by_budget = threshold_for_budget(of_validation, dataset.validation.day_count, DEFAULTS.alert_budget_per_day)
    assert np.count_nonzero(of_test >= by_budget.value) == alerts_before
    assert main.threshold.value >= DEFAULTS.min_alert_probability
    assert np.count_nonzero(of_test >= main.threshold.value) == alerts
    gate = {
        "enough frauds": enough_frauds(version, dataset.test),
        "alert rate": alert_rate_on(version, dataset.test, None, LIMIT),
    }
    assert {name for name, found in gate.items() if not found.passed} == refused
