"""Parity names the feature and the transaction that differ, and lets no NaN pass."""

import numpy as np
import pytest

from fraud_platform.core.features.parity import compare_features

IDS, NAMES = np.array(["t1", "t2"]), ["count_1h", "speed_kmh"]
BATCH = np.array([[1.0, 250.0], [2.0, -1.0]])


@pytest.mark.parametrize("last_bit", [0.0, 2**-44])
def test_equal_features_agree_up_to_the_last_bits(last_bit):
    parity = compare_features(IDS, BATCH, BATCH + last_bit, NAMES)
    assert parity.holds
    assert parity.max_difference == last_bit
    assert str(parity) == "2 transactions agree in every feature"


@pytest.mark.parametrize("wrong", [251.0, np.nan, np.inf])
def test_a_difference_names_transaction_feature_and_both_values(wrong):
    stream = BATCH.copy()
    stream[1, 1] = wrong
    parity = compare_features(IDS, BATCH, stream, NAMES)
    assert not parity.holds
    assert parity.differing == ("speed_kmh",)
    assert parity.largest["count_1h"] == 0
    assert str(parity) == f"transaction t2: speed_kmh is -1 in batch and {wrong:.17g} in the stream"


def test_nothing_to_compare_holds_for_no_rows():
    parity = compare_features(IDS[:0], BATCH[:0], BATCH[:0], NAMES)
    assert parity.holds
    assert parity.rows == 0
