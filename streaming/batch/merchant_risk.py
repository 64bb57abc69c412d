"""The merchant_risk tables that the scorer looks entities up in: newest as-of day not after the message's day."""

import logging
import time
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.features.matured_lookup import MaturedLookup, no_matured
from fraud_platform.core.time import EPOCH
from fraud_platform.declared import FEATURE_SET
from fraud_platform.errors import LakeError
from fraud_platform.pipeline import tables
from fraud_platform.storage.lake import Lake

log = logging.getLogger(__name__)

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
        self, days: NDArray[np.int64], columns: Mapping[str, NDArray[np.object_]]
    ) -> tuple[NDArray[np.float64], list[str | None]]:
        """The matured features (n, F) and the as-of date used for each row.

        days: day number since 1970-01-01 of each message's Kafka timestamp. columns: see MaturedLookup.lookup.
        """
        values = no_matured(FEATURE_SET, len(days))
        dates: list[str | None] = [None] * len(days)
        if not FEATURE_SET.matured:
            return values, dates
        at = np.searchsorted(self._days, days, side="right") - 1
        for i in np.unique(at[at >= 0]):
            rows = np.flatnonzero(at == i)
            as_of = EPOCH + timedelta(days=int(self._days[i]))
            values[rows] = self._table(as_of).lookup({name: column[rows] for name, column in columns.items()})
            for row in rows:
                dates[row] = as_of.isoformat()
        return values, dates

    def _read(self, as_of: date) -> MaturedLookup:
        found = MaturedLookup(FEATURE_SET, self._lake.read(tables.MERCHANT_RISK, first=as_of, last=as_of))
        if found.lacking:
            log.warning(
                "merchant_risk of %s was computed before %s were declared, whose defaults stand in their place: "
                "materialise it again",
                as_of,
                ", ".join(found.lacking),
            )
        return found
