"""All features of a declaration at once, against those of the simulated world that the assets compute."""

from dataclasses import replace

import numpy as np
import pytest

from fraud_platform.core.benchmark.features import NAMES, labelled_rows
from fraud_platform.core.declaration.kinds.velocity_line import VelocityLine
from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.core.features.declared_features import declared_features
from fraud_platform.core.time import DAY_MS
from fraud_platform.errors import TrainingError
from fraud_platform.shipped_declarations import shipped_declaration
from fraud_platform_tests.support.handbook_transactions import transactions
from fraud_platform_tests.support.simulated_world import DECLARATION

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


def test_what_labels_tell_may_be_of_the_transactions_of_one_key():
    frame = transactions().sort_values(["event_time_ms", "transaction_id"], ignore_index=True)
    customer = frame["customer_id"][0]
    line = f"{{matured_count: {{}}, per: merchant_id, over: 30d, where: {{field: customer_id, equals: {customer}}}}}"
    text = shipped_declaration("simulated").decode()
    text = text[: text.index("features:")] + f"features: [{line}]\n"
    features, _ = declared_features(read_declaration(text, "one.yaml"), frame, frame["is_fraud"].to_numpy(bool), 7)
    day = frame["event_time_ms"] // DAY_MS
    last = len(frame) - 1
    matured = (day >= day[last] - 37) & (day < day[last] - 7) & (frame["customer_id"] == customer)
    assert features[last, 0] == (matured & (frame["merchant_id"] == frame["merchant_id"][last])).sum()
    assert features[:, 0].max() > 0


def test_velocities_are_refused():
    frame = transactions()
    with pytest.raises(TrainingError, match="merchant_velocity_1h counts what arrived over Kafka"):
        declared_features(DECLARATION, frame, frame["is_fraud"].to_numpy(bool), 7)
