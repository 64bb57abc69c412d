"""The benchmark of drift in small: a world that does not change gives no false alarm, a change is told of."""

from benchmarks.drift import FITTED_DAYS, REFERENCE_DAYS, measure, simulated_rows

DAYS = 14


def test_in_an_unchanged_world_nothing_but_fraud_shares_is_told_of():
    found = measure(simulated_rows(600, FITTED_DAYS + REFERENCE_DAYS + DAYS, seed=5))
    assert found["days"] == DAYS and found["comparisons"] == DAYS * found["features"]
    assert found["days_with_a_feature_but_for_fraud_shares"]["both"] == 0, found["told_of_features"]
    assert found["told_of_scores"] == {}
    assert found["told_of_amount_doubled"] == found["told_of_amount_default"] == 1
