"""Rivals on the rows of the test split, and the card that tells of them."""

from dataclasses import fields, replace

import msgspec
import numpy as np
import pytest

from fraud_platform.core.training.baselines import baselines
from fraud_platform.core.training.evaluate import Evaluation
from fraud_platform.core.training.model_card import MEANINGS, comparison_table, model_card
from fraud_platform.core.training.train import TrainedModels, train_candidates
from fraud_platform_tests.support import category_rows
from fraud_platform_tests.support.training_rows import PARAMS, dataset

DATASET = dataset()
SNAPSHOT = {
    "as_of": "2026-04-01",
    "table_versions": {"labels": 5},
    "splits": {
        "test": {
            "first_day": "2026-03-01",
            "end_day": "2026-03-05",
            "transactions": 2000,
            "frauds": 80,
            "blocked": 12,
            "offsets": {"0": [7, 2007]},
        }
    },
}


@pytest.fixture(scope="module")
def trained() -> TrainedModels:
    params = replace(PARAMS, references=False)
    return train_candidates(DATASET, params, lambda line: None, model_name="toy", snapshot=SNAPSHOT)


@pytest.fixture(scope="module")
def text(trained) -> str:
    compared = {"catboost": trained.main.test} | {r.name: r.test for r in baselines(DATASET, PARAMS, trained.bundle)}
    return model_card(trained.bundle.card, trained.main.test, compared, {"amount": 61.25}, {"epochs": 40})


def test_the_champion_is_judged_as_it_decides(trained):
    champion, rules = baselines(DATASET, PARAMS, trained.bundle)
    assert (champion.name, rules.name) == ("champion", "rule_set")
    # Not to the last bit: the bundle's logistic function is NumPy's, that of the fitted model CatBoost's.
    assert champion.test.metrics() == pytest.approx(trained.main.test.metrics(), rel=1e-12)
    assert [day.alerts for day in champion.test.by_day] == [day.alerts for day in trained.main.test.by_day]
    assert rules.test.transactions == champion.test.transactions
    assert len(rules.probabilities) == len(DATASET.test.labels)


def test_without_a_champion_the_rules_are_left(trained):
    assert [baseline.name for baseline in baselines(DATASET, PARAMS, None)] == ["rule_set"]
    features = [replace(feature, unit="other") for feature in trained.bundle.card.features]
    other = replace(trained.bundle, card=msgspec.structs.replace(trained.bundle.card, features=features))
    assert [baseline.name for baseline in baselines(DATASET, PARAMS, other)] == ["rule_set"]


def test_on_features_that_tell_no_rule_only_the_champion_is_left():
    without_rules = category_rows.dataset()
    params = replace(PARAMS, references=False)
    champion = train_candidates(without_rules, params, lambda line: None, model_name="toy", snapshot={})
    assert baselines(without_rules, PARAMS, None) == ()
    (found,) = baselines(without_rules, PARAMS, champion.bundle)
    assert found.name == "champion"
    assert found.test.metrics() == pytest.approx(champion.main.test.metrics(), rel=1e-12)


def test_the_card_tells_every_measure_with_its_value(trained, text):
    assert set(MEANINGS) == {field.name for field in fields(Evaluation)} - {"by_day"}
    for name, value in trained.bundle.card.metrics.items():
        split, measure = name.split("_", 1)
        told = f"{value:,.0f}" if measure in ("transactions", "frauds") else f"{value:,.4f}"
        (line,) = [line for line in text.splitlines() if line.startswith(f"| `{measure}` |")]
        assert f"| {told} |" in line, (split, measure)


def test_the_card_tells_origin_decision_and_rivals(trained, text):
    card = trained.bundle.card
    wanted = ["[7, 2007]", "as of: 2026-04-01", card.feature_set, f"{card.threshold:.6f}", "| `amount` | 61.2 |"]
    for words in (*wanted, "| champion |", "| rule_set |", "| epochs | 40 |", "2026-03-01 |", card.calibration_method):
        assert words in text, words


def test_tables_have_as_many_cells_in_every_line(trained, text):
    blocks = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert len(blocks) == 6
    for lines in blocks:
        assert len({line.count(" | ") for line in lines}) == 1


def test_the_comparison_has_a_row_for_each_model(trained):
    lines = comparison_table({"a": trained.main.test, "b": trained.main.test}).splitlines()
    assert [line.split(" ")[1] for line in lines] == ["model", "---", "a", "b"]
    assert np.isfinite(float(lines[2].split(" | ")[1]))
