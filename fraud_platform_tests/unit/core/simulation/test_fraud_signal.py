"""The frauds of a world can be found, but no single column gives them away."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostClassifier
from sklearn.metrics import average_precision_score

from fraud_platform.core.simulation.days import simulate_day
from fraud_platform.core.simulation.world import World
from fraud_platform.core.time import DAY_MS
from fraud_platform_tests.support.engineered_features import engineered_features

TRAIN_DAYS = range(22, 54)
TEST_DAYS = range(61, 75)


class Period:
    """75 days, their features, and the split in time; the week between is when labels come in."""

    def __init__(self) -> None:
        world = World(seed=7)
        days = [simulate_day(world, date(2026, 8, 1) + timedelta(days=n)) for n in range(TEST_DAYS.stop)]
        self.frame = pd.concat(days, ignore_index=True)
        self.features = engineered_features(self.frame)
        self.is_fraud = self.frame["is_fraud"].to_numpy()
        day = (self.frame["event_time_ms"] // DAY_MS).to_numpy()
        self.train = np.isin(day - day[0], TRAIN_DAYS)
        self.test = np.isin(day - day[0], TEST_DAYS)

    def average_precision(self, score: np.ndarray) -> float:
        """On the test days."""
        return float(average_precision_score(self.is_fraud[self.test], score[self.test]))

    def best_direction(self, values: np.ndarray) -> float:
        return max(self.average_precision(values), self.average_precision(-values))


@pytest.fixture(scope="module")
def period() -> Period:
    return Period()


@pytest.fixture(scope="module")
def model_precision(period: Period) -> float:
    model = CatBoostClassifier(
        iterations=200, learning_rate=0.1, random_seed=1, thread_count=2, verbose=0, allow_writing_files=False
    )
    model.fit(period.features[period.train], period.is_fraud[period.train])
    return period.average_precision(model.predict_proba(period.features)[:, 1])


def test_a_plain_model_finds_many_frauds_and_not_all(model_precision: float) -> None:
    assert 0.45 < model_precision < 0.85


def test_no_engineered_feature_alone_comes_near_the_model(period: Period, model_precision: float) -> None:
    alone = {name: period.best_direction(period.features[name].to_numpy()) for name in period.features}
    assert max(alone.values()) < model_precision / 2, alone


@pytest.mark.parametrize("column", ["customer_id", "merchant_id", "device_id", "channel", "country"])
def test_no_category_gives_frauds_away(period: Period, model_precision: float, column: str) -> None:
    values = period.frame[column].fillna("none")
    known = pd.DataFrame({"value": values, "is_fraud": period.is_fraud})[~period.test].groupby("value")["is_fraud"]
    prior = period.is_fraud.mean()
    rate = (known.sum() + 10 * prior) / (known.count() + 10)
    encoded = values.map(rate).fillna(prior).to_numpy()
    assert period.best_direction(encoded) < model_precision / 2


@pytest.mark.parametrize("column", ["amount", "latitude", "longitude"])
def test_no_number_gives_frauds_away(period: Period, model_precision: float, column: str) -> None:
    values = period.frame[column]
    assert period.best_direction(values.fillna(values.median()).to_numpy()) < model_precision / 2
    assert period.best_direction(values.isna().to_numpy().astype(float)) < model_precision / 2


def _since_previous(frame: pd.DataFrame) -> pd.Series:
    return frame.groupby("customer_id")["event_time_ms"].diff().fillna(30 * DAY_MS)


def _to_own_mean(frame: pd.DataFrame) -> pd.Series:
    past = frame.groupby("customer_id")["amount"]
    return frame["amount"] / ((past.cumsum() - frame["amount"]) / past.cumcount()).replace(0, np.nan)


def _new(column: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda frame: 1.0 - frame.duplicated(["customer_id", column])


SEQUENCES = {
    "time since the previous transaction": _since_previous,
    "amount against the customer's own mean": _to_own_mean,
    "amount against the previous one": lambda f: f["amount"] / f.groupby("customer_id")["amount"].shift(),
    "transactions on the day so far": lambda f: f.groupby(["customer_id", f["event_time_ms"] // DAY_MS]).cumcount(),
    "new merchant": _new("merchant_id"),
    "new device": lambda f: _new("device_id")(f) * f["device_id"].notna(),
    "new country": _new("country"),
    "hour": lambda f: f["event_time_ms"] % DAY_MS,
    "whole amount": lambda f: f["amount"] % 10 == 0,
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_no_simple_sequence_gives_frauds_away(period: Period, model_precision: float, name: str) -> None:
    values = SEQUENCES[name](period.frame).astype(float)
    assert period.best_direction(values.fillna(values.median()).to_numpy()) < model_precision / 2
