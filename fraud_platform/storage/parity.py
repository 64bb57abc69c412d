"""Joins what the scorer computed with what the batch assets computed for the same transactions."""

from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from fraud_platform.core.arrays import Floats
from fraud_platform.core.features.merchant_risk import MerchantRisk
from fraud_platform.core.features.parity import Parity, compare_features
from fraud_platform.core.features.table import CUSTOMER_FEATURES, FEATURE_NAMES, MERCHANT_FEATURES, feature_set_hash
from fraud_platform.core.features.velocity import VELOCITY_FEATURES
from fraud_platform.core.time import DAY_MS, day_of
from fraud_platform.schemas import MAX_LATENESS_MS
from fraud_platform.storage.lake import Lake
from fraud_platform.storage.topic_days import PLACE

NAMES_BEFORE, NAMES_AFTER = ([f.name for f in features] for features in (CUSTOMER_FEATURES, VELOCITY_FEATURES))
"""Features of the batch table; merchants' risk stands between them."""


class StreamParity(NamedTuple):
    """`unknown` transactions were scored, and left out by the batch features that reach past them."""

    parity: Parity
    scored: int
    not_yet_in_batch: int
    unknown: int

    @property
    def holds(self) -> bool:
        return self.parity.holds and not self.unknown


def stream_parity(lake: Lake, first: date, last: date) -> StreamParity:
    """Compare the features on the predictions of the days with those of the batch tables.

    Merchant features are looked up as of the day that the scorer looked them up.
    """
    wanted = ["source_partition", "source_offset", "transaction_id", "event_time_ms", "merchant_risk_date"]
    table = lake.read("serving/predictions", [*wanted, "feature_set", "features"], first, last)
    table = table.filter(np.equal(table["feature_set"].to_pandas().to_numpy(), feature_set_hash()))
    stream = table["features"].combine_chunks().flatten().to_numpy().reshape(len(table), len(FEATURE_NAMES))
    scored = table.select(wanted).to_pandas().rename(columns=dict(zip(wanted[:2], PLACE, strict=True)))
    batch = (
        _batch_rows(lake, scored)
        if len(scored)
        else pd.DataFrame(columns=[*PLACE, "merchant_id", *NAMES_BEFORE, *NAMES_AFTER])
    )
    joined = scored.assign(row=np.arange(len(scored))).merge(batch, on=PLACE, how="left")
    reached = joined["kafka_offset"] <= joined["kafka_partition"].map(batch.groupby(PLACE[0])[PLACE[1]].max())
    missing = joined["merchant_id"].isna()
    both = joined[~missing].sort_values(PLACE)
    parity = compare_features(
        both["transaction_id"].to_numpy(),
        np.hstack((both[NAMES_BEFORE], _merchant_values(lake, both), both[NAMES_AFTER])).astype(np.float64),
        stream[both["row"].to_numpy()],
        FEATURE_NAMES,
    )
    return StreamParity(parity, len(scored), int((missing & ~reached).sum()), int((missing & reached).sum()))


def _batch_rows(lake: Lake, scored: pd.DataFrame) -> pd.DataFrame:
    """Batch features of the arrival days that the scored events can have: a late event arrives days after its time."""
    first_ms, last_ms = int(scored["event_time_ms"].min()), int(scored["event_time_ms"].max())
    days = day_of(first_ms - DAY_MS), day_of(last_ms + MAX_LATENESS_MS + DAY_MS)
    return lake.read("features/transactions", [*PLACE, "merchant_id", *NAMES_BEFORE, *NAMES_AFTER], *days).to_pandas()


def _merchant_values(lake: Lake, rows: pd.DataFrame) -> Floats:
    values = np.tile([f.default for f in MERCHANT_FEATURES], (len(rows), 1))
    merchants, days = rows["merchant_id"].to_numpy(object), rows["merchant_risk_date"]
    for day in days.dropna().unique():
        at = (days == day).to_numpy()
        as_of = date.fromisoformat(day)
        values[at] = MerchantRisk(lake.read("features/merchant_risk", first=as_of, last=as_of)).lookup(merchants[at])
    return values
