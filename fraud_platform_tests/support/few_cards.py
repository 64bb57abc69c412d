"""What a small company has: the transactions of a few cards of the simulated world over four months."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import pandas as pd

from fraud_platform.core.benchmark.features import labelled_rows
from fraud_platform.core.simulation.days import simulate_day
from fraud_platform.core.simulation.world import World
from fraud_platform.core.training.dataset import Dataset
from fraud_platform.core.training.params import TrainingParams
from fraud_platform.core.training.resample import smote
from fraud_platform.core.training.split import time_split
from fraud_platform_tests.support.simulated_world import DECLARATION, FEATURE_NAMES, FEATURE_SET

FIRST_DAY, DAYS = date(2026, 1, 1), 123


@dataclass(frozen=True)
class FewCards:
    """Cards that were defrauded in validation and in test, as many of each, and honest ones."""

    seed: int
    population: int
    defrauded: int
    honest: int

    def dataset(self, params: TrainingParams) -> Dataset:
        world = World(self.seed, self.population, merchants=200)
        days = [simulate_day(world, FIRST_DAY + timedelta(days=n)).assign(day=n) for n in range(DAYS)]
        frame = pd.concat(days, ignore_index=True)
        as_of = FIRST_DAY + timedelta(days=DAYS)
        split = time_split(as_of, FIRST_DAY, params.label_delay_days, params.validation_days, params.test_days)
        chosen: list[str] = []
        for part in (split.validation, split.test):
            within = frame["day"].between((part.start - FIRST_DAY).days, (part.end - FIRST_DAY).days - 1)
            victims = frame.loc[within & frame["is_fraud"], "customer_id"].value_counts()
            chosen.extend(victims.index[: self.defrauded])
        honest = [card for card in sorted(frame["customer_id"].unique()) if card not in chosen][: self.honest]
        kept = frame[frame["customer_id"].isin([*chosen, *honest])].drop(columns="day")
        rows = labelled_rows(DECLARATION, "merchant_id", kept.reset_index(drop=True), params.label_delay_days)
        rows = replace(rows, features=rows.features[:, : len(FEATURE_NAMES)])
        train, validation, test = (
            rows.select(part.contains(rows.days)) for part in (split.train, split.validation, split.test)
        )
        resampled = smote(train.features, train.labels, params.smote_ratio, params.seed)
        return Dataset(FEATURE_SET, resampled, validation, test)
