"""All features of a declaration at once, against those of the simulated world that the assets compute."""

from dataclasses import replace

import numpy as np
import pytest

from fraud_platform.core.benchmark.features import NAMES, labelled_rows
from fraud_platform.core.declaration.kinds.velocity_line import VelocityLine
from fraud_platform.core.features.declared_features import declared_features
from fraud_platform.core.features.table import DECLARATION
from fraud_platform.errors import TrainingError
from fraud_platform_tests.support.handbook_transactions import transactions

WITHOUT_VELOCITY = replace(
    DECLARATION, declared=tuple(one for one in DECLARATION.declared if not isinstance(one.line, VelocityLine))
)


def test_they_are_those_of_the_simulated_world():
    frame = transactions().sort_values(["event_time_ms", "transaction_id"], ignore_index=True)
    features, duplicate = declared_features(WITHOUT_VELOCITY, frame, frame["is_fraud"].to_numpy(bool), 7)
    expected = labelled_rows(frame, 7).features
    columns = [NAMES.index(feature.name) for feature in WITHOUT_VELOCITY.features]
    np.testing.assert_array_equal(features, expected[:, columns])
    assert not duplicate.any() and features[:, -1].any()


def test_a_row_that_comes_twice_is_a_duplicate():
    frame = transactions().iloc[[0, 0, 1]].reset_index(drop=True)
    features, duplicate = declared_features(WITHOUT_VELOCITY, frame, np.zeros(3, bool), 7)
    assert duplicate.tolist() == [False, True, False] and not features[1].any()


def test_velocities_are_refused():
    frame = transactions()
    with pytest.raises(TrainingError, match="merchant_velocity_1h counts what arrived over Kafka"):
        declared_features(DECLARATION, frame, frame["is_fraud"].to_numpy(bool), 7)
