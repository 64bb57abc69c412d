"""The median ratio of pairs, its interval, and what is promised about it."""

import numpy as np
import pytest

from benchmarks.paired_ratio import median_ratio
from benchmarks.scorer_pairs import Measured, NotMeasuredError, checkout, judged
from fraud_platform.project_root import PROJECT_ROOT


def test_what_changes_from_pair_to_pair_leaves_the_ratio_alone():
    weather = np.array([100, 900, 250, 400, 30, 77, 610])
    ratio = median_ratio(1.2 * weather, weather, seed=1)
    assert ratio == pytest.approx((1.2, 1.2, 1.2))


def test_the_interval_surrounds_the_median_and_the_seed_repeats_it():
    base = np.ones(7)
    new = [0.9, 1.0, 1.02, 1.05, 1.06, 1.1, 1.4]
    ratio = median_ratio(new, base, seed=1)
    assert ratio == median_ratio(new, base, seed=1)
    assert ratio.median == 1.05 and 0.9 < ratio.low < 1.05 < ratio.high < 1.4


@pytest.mark.parametrize("true_ratio", [0.8, 1.0, 1.3])
def test_the_interval_has_the_truth_about_as_often_as_it_says(true_ratio):
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(60):
        new = true_ratio * rng.lognormal(0, 0.1, 7)
        _, low, high = median_ratio(new, np.ones(7), seed=3)
        held += low <= true_ratio <= high
    assert 0.75 <= held / 60 <= 1


def members(throughput: float, p99: float, spread: float = 0.01) -> list[Measured]:
    return [Measured(throughput * (1 + spread * n), 300, p99 * (1 + spread * n)) for n in (-2, 0, 1, -1, 2, 1, 0)]


BASE = members(30_000, 800, 0)


@pytest.mark.parametrize(
    ("new", "holds"),
    [
        (members(30_000, 800), True),
        (members(60_000, 400), True),
        (members(28_000, 800), False),
        (members(30_000, 900), False),
        (members(30_000, 800, 0.2), False),
    ],
    ids=["the same", "better", "slower", "later", "not known well enough"],
)
def test_the_promise_is_held_to_by_the_interval(new, holds):
    report = judged(new, BASE, seed=1)
    assert report["holds"] is holds and report["pairs"] == 7


@pytest.mark.skipif(not (PROJECT_ROOT / ".git").exists(), reason="no git repository")
def test_a_commit_s_files_are_taken_out_and_an_unknown_one_is_an_error(tmp_path):
    name, tree = checkout("HEAD", tmp_path / "base")
    assert len(name) == 40 and (tree / "streaming" / "__main__.py").exists() and not (tree / ".git").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["base"]
    with pytest.raises(NotMeasuredError, match="BASE=no-such-commit"):
        checkout("no-such-commit", tmp_path / "other")
