"""The merchant_risk tables that the scorer looks merchants up in: newest as-of day not after the message's day."""

import time
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.features.merchant_risk import MerchantRisk
from fraud_platform.core.features.table import MERCHANT_FEATURES
from fraud_platform.core.time import EPOCH
from fraud_platform.errors import LakeError
from fraud_platform.pipeline import tables
from fraud_platform.storage.lake import Lake

REFRESH_SECONDS = 10
KEPT_DAYS = 128


class RiskTables:
    """Lake tables of the last as-of days used, re-read when the table has a new version."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._version: int | None = None
        self._days = np.empty(0, np.int64)
        self._checked = -REFRESH_SECONDS * 1.0
        self._table = lru_cache(KEPT_DAYS)(self._read)

    def refresh(self) -> None:
        """Look for a new version of the table, at most every REFRESH_SECONDS."""
        if time.monotonic() - self._checked < REFRESH_SECONDS:
            return
        self._checked = time.monotonic()
        try:
            version = self._lake.version(tables.MERCHANT_RISK)
        except LakeError:  # not materialised yet
            return
        if version != self._version:
            self._version = version
            dates = self._lake.dates(tables.MERCHANT_RISK)
            self._days = np.array(sorted((d - EPOCH).days for d in dates), np.int64)
            self._table.cache_clear()

    def lookup(
        self, days: NDArray[np.int64], merchant_ids: NDArray[np.object_]
    ) -> tuple[NDArray[np.float64], list[str | None]]:
        """Merchant features (n, len(MERCHANT_FEATURES)) and the as-of date used for each row.

        days: day number since 1970-01-01 of each message's Kafka timestamp.
        """
        values = np.tile([f.default for f in MERCHANT_FEATURES], (len(days), 1))
        dates: list[str | None] = [None] * len(days)
        at = np.searchsorted(self._days, days, side="right") - 1
        for i in np.unique(at[at >= 0]):
            rows = np.flatnonzero(at == i)
            as_of = EPOCH + timedelta(days=int(self._days[i]))
            values[rows] = self._table(as_of).lookup(merchant_ids[rows])
            for row in rows:
                dates[row] = as_of.isoformat()
        return values, dates

    def _read(self, as_of: date) -> MerchantRisk:
        return MerchantRisk(self._lake.read(tables.MERCHANT_RISK, first=as_of, last=as_of))
