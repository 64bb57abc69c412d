"""The handbook's folds: a week to train on, a week until its labels are known, a week to test on.

Source: Le Borgne, Siblini, Lebichot and Bontempi, Reproducible Machine Learning for Credit
Card Fraud Detection - Practical Handbook, chapters 3.4 and 5.3.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from fraud_platform.core.arrays import Bools
from fraud_platform.core.training.dataset import DatedRows

WEEK_DAYS = 7
DELAY_DAYS = 7
PUBLISHED_FOLDS = (date(2018, 6, 20), date(2018, 6, 27), date(2018, 7, 4), date(2018, 7, 11))
"""Starts of the handbook's validation folds."""


@dataclass(frozen=True)
class Fold:
    """A fold by the first day of its train week; `extra_train_days` before it lengthen the training only."""

    start: date
    extra_train_days: int = 0

    @property
    def train_start(self) -> date:
        return self.start - timedelta(days=self.extra_train_days)

    @property
    def train_end(self) -> date:
        """The day after the last one of training."""
        return self.start + timedelta(days=WEEK_DAYS)

    @property
    def test_start(self) -> date:
        return self.train_end + timedelta(days=DELAY_DAYS)

    @property
    def test_end(self) -> date:
        """The day after the last one of the test week."""
        return self.test_start + timedelta(days=WEEK_DAYS)

    def train_rows(self, rows: DatedRows) -> Bools:
        """Mask (n,) of the rows to train on; all their labels are known when the test week begins."""
        return _between(rows, self.train_start, self.train_end)

    def test_rows(self, rows: DatedRows) -> Bools:
        """Mask (n,) of the test week, without the customers known as compromised since the train week's first day."""
        return _between(rows, self.test_start, self.test_end) & ~known_compromised(rows, self.start)


def known_compromised(rows: DatedRows, since: date) -> Bools:
    """Mask (n,) of the rows whose customer had a fraud on or after `since` that was known when their day began."""
    customer, customers = pd.factorize(rows.customer_ids)
    first_fraud = np.full(len(customers), np.datetime64("9999-12-31", "D"))
    counted = rows.labels & (rows.days >= np.datetime64(since, "D"))
    np.minimum.at(first_fraud, customer[counted], rows.days[counted])
    return rows.days - first_fraud[customer] > np.timedelta64(DELAY_DAYS, "D")


def _between(rows: DatedRows, start: date, end: date) -> Bools:
    return (rows.days >= np.datetime64(start, "D")) & (rows.days < np.datetime64(end, "D"))
