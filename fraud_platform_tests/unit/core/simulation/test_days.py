"""A world's days: reproducible, independent of one another, and valid messages."""

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from fraud_platform.core.simulation.campaigns import BEHAVIOURS
from fraud_platform.core.simulation.chargebacks import MAX_REPORT_DELAY_DAYS
from fraud_platform.core.simulation.days import outstanding_reports, simulate_day
from fraud_platform.core.simulation.world import MIN_MERCHANTS, World
from fraud_platform.core.time import DAY_MS, day_start_ms
from fraud_platform.errors import ConfigurationError
from fraud_platform.feeding.messages import Disturbances, transaction_messages
from fraud_platform.messages.transactions import DECODER

START = date(2026, 3, 1)
SMALL = World(seed=3, customers=800, merchants=300)


def period(world: World, start: date, days: int) -> pd.DataFrame:
    return pd.concat([simulate_day(world, start + timedelta(days=n)) for n in range(days)], ignore_index=True)


@pytest.fixture(scope="module")
def two_months() -> pd.DataFrame:
    return period(World(seed=11, customers=2000), START, 60)


def test_a_day_is_the_same_whatever_was_simulated_before_it() -> None:
    alone = simulate_day(World(seed=99, customers=500), START + timedelta(days=5))
    after_others = period(World(seed=99, customers=500), START, 6)
    same_day = after_others[after_others["event_time_ms"] >= day_start_ms(START + timedelta(days=5))]
    pd.testing.assert_frame_equal(alone, same_day.reset_index(drop=True))


def test_another_seed_gives_another_world() -> None:
    assert not simulate_day(SMALL, START).equals(simulate_day(World(seed=4, customers=800, merchants=300), START))


def test_a_day_holds_its_own_hours_in_order() -> None:
    times = simulate_day(SMALL, START)["event_time_ms"]
    assert times.is_monotonic_increasing
    assert times.between(day_start_ms(START), day_start_ms(START + timedelta(days=1)) - 1).all()


def test_transaction_identifiers_never_repeat(two_months: pd.DataFrame) -> None:
    assert two_months["transaction_id"].is_unique


def test_every_transaction_is_accepted_by_the_platform() -> None:
    messages = transaction_messages(simulate_day(SMALL, START), Disturbances())
    columns = [m.key for m in messages], [m.value for m in messages], [m.send_ms for m in messages]
    decoded = DECODER.decode(*columns)
    assert len(decoded.accepted) == len(messages) > 0
    assert decoded.rejections == []


def test_volume_and_fraud_rate_are_as_documented(two_months: pd.DataFrame) -> None:
    assert 1.1 < len(two_months) / 2000 / 60 < 1.5
    assert 0.006 < two_months["is_fraud"].mean() < 0.014


def test_each_behaviour_takes_part_in_two_months(two_months: pd.DataFrame) -> None:
    shares = two_months.loc[two_months["is_fraud"], "behaviour"].value_counts(normalize=True)
    assert set(shares.index) == {behaviour.name for behaviour in BEHAVIOURS}
    assert shares.max() < 0.5


def test_chargebacks_come_half_a_day_to_twenty_days_after_the_fraud(two_months: pd.DataFrame) -> None:
    frauds = two_months[two_months["is_fraud"]]
    delay_days = (frauds["reported_at_ms"] - frauds["event_time_ms"]) / DAY_MS
    assert delay_days.between(0.5, MAX_REPORT_DELAY_DAYS).all()
    assert 0.01 < (delay_days > 7).mean() < 0.06
    assert (two_months.loc[~two_months["is_fraud"], "reported_at_ms"] == -1).all()


def test_outstanding_reports_are_those_a_feed_up_to_that_day_could_not_send() -> None:
    until = START + timedelta(days=30)
    history = period(SMALL, START, 30)
    expected = history.loc[history["reported_at_ms"] >= day_start_ms(until), "transaction_id"]
    outstanding = outstanding_reports(SMALL, START, until)
    assert sorted(outstanding["transaction_id"]) == sorted(expected)
    assert len(expected) > 0
    assert outstanding["reported_at_ms"].is_monotonic_increasing


def test_no_reports_are_outstanding_where_nothing_was_sent() -> None:
    assert outstanding_reports(SMALL, START, START).empty


@pytest.mark.parametrize("size", [{"customers": 0}, {"merchants": MIN_MERCHANTS - 1}])
def test_a_world_too_small_to_trade_in_is_refused(size: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(size))):
        World(seed=1, **size)


def test_a_clone_is_used_soon_after_and_far_from_an_honest_purchase(two_months: pd.DataFrame) -> None:
    clones = two_months[two_months["behaviour"] == "impossible_travel"]
    honest = two_months[~two_months["is_fraud"] & two_months["latitude"].notna()]
    merged = clones[["customer_id", "event_time_ms", "latitude", "longitude"]].merge(honest, on="customer_id")
    recent = (merged["event_time_ms_x"] - merged["event_time_ms_y"]).between(0, 12 * 3600 * 1000)
    degrees = np.hypot(merged["latitude_x"] - merged["latitude_y"], merged["longitude_x"] - merged["longitude_y"])
    assert (degrees[recent] > 3).mean() > 0.7


def test_a_takeover_grows_bolder(two_months: pd.DataFrame) -> None:
    takeovers = two_months[two_months["behaviour"] == "account_takeover"]
    by_victim = takeovers.groupby("customer_id")["amount"]
    assert by_victim.nth(-1).median() > 2 * by_victim.nth(0).median()


def test_merchant_frauds_stay_with_few_merchants_for_weeks(two_months: pd.DataFrame) -> None:
    for behaviour in ("compromised_merchant", "collusion"):
        days = two_months[two_months["behaviour"] == behaviour].groupby("merchant_id")["event_time_ms"].agg(np.ptp)
        assert days.max() / DAY_MS > 7
        assert len(days) < 20


def test_the_world_drifts_with_the_date() -> None:
    online = [(period(SMALL, day, 7)["channel"] == "online").mean() for day in (date(2026, 3, 1), date(2026, 6, 29))]
    assert abs(online[0] - online[1]) > 0.02


def test_customers_keep_their_habits_from_day_to_day() -> None:
    weeks = [period(SMALL, START + timedelta(days=7 * n), 7) for n in range(2)]
    for earlier, later in pairwise(weeks):
        regular = set(zip(earlier["customer_id"], earlier["merchant_id"], strict=True))
        again = [pair in regular for pair in zip(later["customer_id"], later["merchant_id"], strict=True)]
        assert np.mean(again) > 0.2
