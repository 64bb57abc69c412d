"""Splits by time, with the labels that were known then. No row and no label from the future of a decision."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from fraud_platform.core.arrays import Bools, Days, Ids
from fraud_platform.core.reports import join_reports, known_days, reported_frauds
from fraud_platform.errors import TrainingError


@dataclass(frozen=True)
class DayRange:
    """Transactions that arrived on the days [start, end), labelled by the reports that came before `labels_known_by`.

    Days are UTC; `labels_known_by` means the start of that day.
    """

    start: date
    end: date
    labels_known_by: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    def contains(self, days: Days) -> Bools:
        """Mask (n,) of the arrival days (n,) that lie in the range."""
        return (days >= np.datetime64(self.start, "D")) & (days < np.datetime64(self.end, "D"))


@dataclass(frozen=True)
class TimeSplit:
    """Three ranges in time order, each a label delay apart."""

    train: DayRange
    validation: DayRange
    test: DayRange


def time_split(as_of: date, first_day: date, label_delay_days: int, validation_days: int, test_days: int) -> TimeSplit:
    """The split of a training run that happens at the start of `as_of`.

    Each range ends a label delay before the next one starts, and takes its labels as they
    were known at that start: what a model trained on that day could have used. Raises
    TrainingError where not one day is left to train on.
    """
    delay = timedelta(days=label_delay_days)
    test_end = as_of - delay
    test_start = test_end - timedelta(days=test_days)
    validation_end = test_start - delay
    validation_start = validation_end - timedelta(days=validation_days)
    train_end = validation_start - delay
    if first_day >= train_end:
        needed = test_days + validation_days + 3 * label_delay_days + 1
        raise TrainingError(
            f"{first_day} to {as_of} is {(as_of - first_day).days} days, training needs {needed}: {test_days} to test, "
            f"{validation_days} to validate, 3 label delays of {label_delay_days} and 1 to train on. "
            "Ingest more days, or lower LABEL_DELAY_DAYS, VALIDATION_DAYS or TEST_DAYS"
        )
    return TimeSplit(
        DayRange(first_day, train_end, labels_known_by=validation_start),
        DayRange(validation_start, validation_end, labels_known_by=test_start),
        DayRange(test_start, test_end, labels_known_by=as_of),
    )


def known_labels(transaction_ids: Ids, customer_ids: Ids, reports: pd.DataFrame, known_by: date) -> Bools:
    """Labels (n,) of the transactions as the reports told them that were known at the start of the day `known_by`, UTC.

    reports: as `reported_frauds` takes them, with date, their arrival day.
    """
    known = reports[_known_days(reports) <= np.datetime64(known_by, "D")]
    return reported_frauds(transaction_ids, customer_ids, known)


def blocked_cards(
    transaction_ids: Ids, customer_ids: Ids, days: Days, reports: pd.DataFrame, blocked_days: int
) -> Bools:
    """Mask (n,) of the transactions whose customer became known as a victim in the `blocked_days` up to their day.

    Such a card is blocked until a new one is issued: the handbook leaves it out of evaluation (Le Borgne
    et al., Fraud Detection Handbook, chapter 4.4). For a number of days, so that validation and
    test leave out alike. `reports` as in `known_labels`; those on other transactions than these say
    nothing here, and a report that was taken back later had blocked the card all the same.
    """
    rows = pd.DataFrame({"customer": customer_ids, "day": days.astype("datetime64[D]").astype(np.int64)})
    of_fraud = reports[reports["is_fraud"].astype(bool)]
    row, report, _ = join_reports(transaction_ids, customer_ids, of_fraud)
    last_unknown = _known_days(of_fraud).astype(np.int64)[report] - 1
    victims = pd.DataFrame({"customer": np.asarray(customer_ids, object)[row], "last_unknown": last_unknown})
    latest = pd.merge_asof(
        rows.reset_index().sort_values("day", kind="stable"),
        victims.sort_values("last_unknown"),
        left_on="day",
        right_on="last_unknown",
        by="customer",
        allow_exact_matches=False,
        tolerance=blocked_days,
    )
    return latest.set_index("index")["last_unknown"].notna().reindex(rows.index).to_numpy()


def _known_days(reports: pd.DataFrame) -> Days:
    return known_days(reports["reported_at_ms"].to_numpy(), reports["date"].to_numpy())
