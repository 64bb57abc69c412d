"""What is told of a day against a reference: shifts that matter and are beyond chance, and nothing else."""

import msgspec
import numpy as np
import pytest

from fraud_platform.core.features.declaration import Feature
from fraud_platform.core.monitoring import drift
from fraud_platform.core.monitoring.reference import FEWEST_ROWS, DriftReference, drift_reference

DECLARED = [Feature(name, "customer", "", "", "", default=-1.0) for name in ("amount", "weekday", "country")]
COUNTRY = 2
DAYS, ROWS = 14, 2_000


def rows_of(day: int, rows: int = ROWS) -> np.ndarray:
    """Features of a day: amounts, of which a tenth is unknown, the weekday, and codes of five countries."""
    rng = np.random.default_rng([day, rows])
    amount = np.where(rng.random(rows) < 0.1, -1.0, rng.lognormal(3, 1, rows))
    return np.column_stack([amount, np.full(rows, day % 7), rng.integers(1, 6, rows)]).astype(float)


def probabilities(day: int, rows: int = ROWS) -> np.ndarray:
    return np.random.default_rng([day, rows, 1]).beta(0.2, 8, rows)


@pytest.fixture(scope="module")
def reference() -> DriftReference:
    rows = [rows_of(day) for day in range(DAYS)]
    scores = np.concatenate([probabilities(day) for day in range(DAYS)])
    days = np.repeat(np.arange(DAYS), ROWS).astype("datetime64[D]")
    return drift_reference(DECLARED, rows, rows, [COUNTRY], days, scores, scores > 0.15)


def told(reference: DriftReference, values: np.ndarray) -> dict[str, dict]:
    counts = drift.FeatureCounts(reference, DECLARED)
    for part in np.array_split(values, 3):
        counts.add(part, part)
    return {row["feature"]: row for row in drift.feature_drift(counts, ["country"])}


def drifted(reference: DriftReference, values: np.ndarray) -> list[str]:
    return [name for name, row in told(reference, values).items() if row["drifted"]]


@pytest.mark.parametrize("day", range(DAYS, DAYS + 21))
def test_a_day_like_those_before_has_not_drifted_whatever_its_weekday(reference, day):
    assert drifted(reference, rows_of(day)) == []


def test_a_million_rows_do_not_flag_a_trifle(reference):
    changed = rows_of(20, 1_000_000)
    changed[:, 0] *= np.where(changed[:, 0] > 0, 1.1, 1)
    amount = told(reference, changed)["amount"]
    assert amount["p_value"] < 1e-6 and not amount["drifted"]


@pytest.mark.parametrize("factor", [0.01, 3])
def test_amounts_in_another_unit_have_drifted(reference, factor):
    changed = rows_of(20)
    changed[:, 0] *= np.where(changed[:, 0] > 0, factor, 1)
    assert drifted(reference, changed) == ["amount"]


def test_a_field_that_is_no_longer_sent_has_drifted_by_its_default(reference):
    changed = rows_of(20)
    changed[:, 0] = -1
    row = told(reference, changed)["amount"]
    assert row["drifted"] and row["default_share"] == 1
    assert row["reference_default_share"] == pytest.approx(0.1, abs=0.02)


def test_values_that_are_missing_have_drifted(reference):
    changed = rows_of(20)
    changed[: ROWS // 4, 0] = np.nan
    row = told(reference, changed)["amount"]
    assert row["drifted"] and row["missing_share"] == 0.25 and row["rows"] == ROWS


def test_values_that_training_never_had_have_drifted(reference):
    changed = rows_of(20)
    changed[::4, COUNTRY] = 0
    row = told(reference, changed)["country"]
    assert row["drifted"] and row["unseen_share"] == 0.25
    assert told(reference, changed)["amount"]["unseen_share"] is None


def test_few_rows_do_not_tell_of_a_small_shift(reference):
    changed = rows_of(20, 12)
    assert drifted(reference, changed) == []


@pytest.mark.parametrize("day", range(DAYS, DAYS + 14))
def test_scores_like_those_before_have_not_drifted(reference, day):
    scores = probabilities(day)
    assert not any(row["drifted"] for row in drift.score_drift(reference, scores, int((scores > 0.15).sum())))


def test_scores_that_shift_have_drifted(reference):
    scores = np.sqrt(probabilities(20))
    rows = {row["measure"]: row for row in drift.score_drift(reference, scores, int((scores > 0.15).sum()))}
    assert rows["probability"]["drifted"] and rows["alerts"]["drifted"]


@pytest.mark.parametrize(("alerts", "expected"), [(0, True), (50, False), (300, True)])
def test_far_more_or_fewer_alerts_have_drifted(reference, alerts, expected):
    assert reference.alert_share == pytest.approx(0.025, abs=0.015)
    (_, row) = drift.score_drift(reference, probabilities(20), alerts)
    assert (row["measure"], row["drifted"]) == ("alerts", expected)


def test_days_of_few_rows_widen_nothing(reference):
    rows = [rows_of(day) for day in range(3)] + [np.zeros((FEWEST_ROWS - 1, 3))]
    sizes = [len(part) for part in rows]
    scores = np.zeros(sum(sizes))
    days = np.repeat(np.arange(4), sizes).astype("datetime64[D]")
    made = drift_reference(DECLARED, rows, rows, [COUNTRY], days, scores, scores > 1)
    assert made.features[0].usual_psi < 0.05


def test_a_reference_survives_json(reference):
    assert msgspec.json.decode(msgspec.json.encode(reference), type=DriftReference) == reference


def test_a_reference_of_other_features_is_a_fault(reference):
    assert reference.fault(3) is None
    assert reference.fault(4) == "a drift reference of 3 features for 4"
    cut = msgspec.structs.replace(reference, scores=msgspec.structs.replace(reference.scores, shares=[1.0]))
    assert cut.fault(3) == "a drift reference whose shares do not fit its bins"
