from datetime import date

import numpy as np
import pandas as pd
import pytest

from fraud_platform.core.training.split import DayRange, blocked_cards, known_labels, time_split
from fraud_platform.errors import TrainingError

SPLIT = time_split(date(2026, 3, 1), date(2026, 1, 1), label_delay_days=7, validation_days=5, test_days=4)


def milliseconds(text: str) -> int:
    return pd.Timestamp(text).value // 1_000_000


def reports(*rows: tuple[str, bool, str], arrival: str | None = None) -> pd.DataFrame:
    """Reports that arrive when they are made, or all on one day."""
    table = pd.DataFrame(rows, columns=["transaction_id", "is_fraud", "reported_at"])
    times = table.pop("reported_at")
    days = [pd.Timestamp(arrival or text).date() for text in times]
    table = table.assign(customer_id=None, source=None, date=days)
    return table.assign(reported_at_ms=[milliseconds(text) for text in times])


def labels(ids: np.ndarray, known: pd.DataFrame, day: date) -> list[bool]:
    """Of transactions that are all one customer's."""
    return known_labels(ids, np.full(len(ids), "c", object), known, day).tolist()


def test_ranges_stand_a_label_delay_apart_and_end_a_delay_before_the_run():
    assert SPLIT.train == DayRange(date(2026, 1, 1), date(2026, 1, 30), date(2026, 2, 6))
    assert SPLIT.validation == DayRange(date(2026, 2, 6), date(2026, 2, 11), date(2026, 2, 18))
    assert SPLIT.test == DayRange(date(2026, 2, 18), date(2026, 2, 22), date(2026, 3, 1))


@pytest.mark.parametrize("delay", [0, 1, 30])
def test_every_row_is_a_label_delay_old_when_its_label_is_read(delay):
    split = time_split(date(2026, 6, 1), date(2025, 1, 1), delay, validation_days=3, test_days=2)
    for part in (split.train, split.validation, split.test):
        assert (part.labels_known_by - part.end).days == delay


def test_ranges_contain_their_first_day_and_not_their_last():
    days = np.array(["2026-02-05", "2026-02-06", "2026-02-10", "2026-02-11"], dtype="datetime64[D]")
    assert SPLIT.validation.contains(days).tolist() == [False, True, True, False]


def test_one_day_to_train_on_is_enough_and_none_is_an_error_that_says_what_is_needed():
    assert time_split(date(2026, 1, 32 - 1), date(2026, 1, 1), 7, 4, 4).train.days == 1
    with pytest.raises(TrainingError, match="is 29 days, training needs 30"):
        time_split(date(2026, 1, 30), date(2026, 1, 1), 7, 4, 4)


def test_the_latest_report_before_the_cut_off_decides():
    known = reports(
        ("fraud", True, "2026-01-05"),
        ("reversed", False, "2026-01-09"),
        ("reversed", True, "2026-01-02"),
        ("too late", True, "2026-01-10"),
        ("last moment", True, "2026-01-09 23:59:59.999"),
        ("same time", True, "2026-01-03"),
        ("same time", False, "2026-01-03"),
        ("elsewhere", True, "2026-01-03"),
    )
    ids = np.array(["fraud", "reversed", "too late", "last moment", "same time", "unreported"], dtype=object)
    assert labels(ids, known, date(2026, 1, 10)) == [True, False, False, True, False, False]


def test_a_report_is_not_known_before_it_arrives():
    sent_weekly = reports(("fraud", True, "2026-01-03"), ("reversed", True, "2026-01-04"), arrival="2026-01-09")
    taken_back = reports(("reversed", False, "2026-01-05"), arrival="2026-01-16")
    known, ids = pd.concat([sent_weekly, taken_back]), np.array(["fraud", "reversed"], dtype=object)
    days = [date(2026, 1, 9), date(2026, 1, 10), date(2026, 1, 17)]
    found = [labels(ids, known, day) for day in days]
    assert found == [[False, False], [True, True], [True, False]]


def test_without_reports_everything_is_legitimate():
    assert not any(labels(np.array(["a", "b"], dtype=object), reports(), date(2026, 1, 10)))


def test_a_customer_is_known_as_compromised_from_the_day_after_the_first_report():
    known = reports(
        ("a1", True, "2026-01-09 00:00"),
        ("a2", True, "2026-01-03"),
        ("b1", False, "2026-01-02"),
        ("elsewhere", True, "2026-01-02"),
    )
    ids = np.array(["a1", "a2", "a3", "a4", "b1", "b2"], dtype=object)
    customers = np.array(["a", "a", "a", "a", "b", "b"], dtype=object)
    days = np.array(["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04", "2026-01-02", "2026-01-09"])
    dates = days.astype("datetime64[D]")
    assert blocked_cards(ids, customers, dates, known, 14).tolist() == [False, False, False, True, False, False]
    assert not blocked_cards(ids, customers, dates, reports(), 14).any()


def test_a_compromised_card_is_blocked_until_it_is_replaced():
    known = reports(("a0", True, "2026-01-03 12:00"), ("a2", True, "2026-01-20"))
    ids = np.array(["a0", "a1", "a2", "a3", "a4"], dtype=object)
    days = np.array(["2026-01-01", "2026-01-04", "2026-01-17", "2026-01-18", "2026-01-21"], "datetime64[D]")

    def blocked(blocked_days: int, order: slice = slice(None)) -> list[bool]:
        return blocked_cards(ids[order], np.full(5, "a", object), days[order], known, blocked_days).tolist()

    assert blocked(14) == [False, True, True, False, True]
    assert blocked(14, slice(None, None, -1)) == [True, False, True, True, False]
    assert blocked(0) == [False] * 5


def test_a_card_is_blocked_from_the_arrival_of_a_report_on():
    known = reports(("a0", True, "2026-01-03 12:00"), arrival="2026-01-09")
    days = np.array(["2026-01-02", "2026-01-04", "2026-01-09", "2026-01-10", "2026-01-23", "2026-01-24"])
    ids = np.array([f"a{n}" for n in range(6)], dtype=object)
    blocked = blocked_cards(ids, np.full(6, "a", object), days.astype("datetime64[D]"), known, 14)
    assert blocked.tolist() == [False, False, False, True, True, False]


def test_a_report_on_an_id_of_two_customers_is_about_the_one_that_it_names():
    named = reports(("twice", True, "2026-01-03")).assign(customer_id="b")
    ids, customers = np.array(["twice", "twice", "b2"], object), np.array(["a", "b", "b"], object)
    days = np.array(["2026-01-04", "2026-01-02", "2026-01-05"], "datetime64[D]")
    assert known_labels(ids, customers, named, date(2026, 1, 10)).tolist() == [False, True, False]
    assert blocked_cards(ids, customers, days, named, 14).tolist() == [False, False, True]
    unnamed = reports(("twice", True, "2026-01-03"))
    assert not known_labels(ids, customers, unnamed, date(2026, 1, 10)).any()
    assert not blocked_cards(ids, customers, days, unnamed, 14).any()
