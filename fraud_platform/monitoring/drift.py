"""Drift of single days: the lake's features and predictions against the reference in a model's bundle."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.core.model_bundle import ModelBundle
from fraud_platform.core.monitoring.drift import FeatureCounts, feature_drift, rejection_drift, score_drift
from fraud_platform.core.monitoring.reference import FEWEST_ROWS
from fraud_platform.declared import FEATURE_SET
from fraud_platform.errors import ModelError
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.rejections import rejected_and_all
from fraud_platform.storage.bundle_folder import load_bundle
from fraud_platform.storage.lake import Lake
from fraud_platform.storage.registry import Registry

Rows = list[dict[str, Any]]
NO_CHAMPION = "there is no champion to compare with: promote a version"
ROWS_AT_ONCE = 100_000
_SCORES = ("model_version", "probability", "is_fraud")


class Drift(NamedTuple):
    """Rows of a drift table, and why days are missing from it."""

    rows: pa.Table
    not_compared: list[str]


class _NotComparedError(Exception):
    """Why there is nothing to tell of a day or version; never leaves this module."""


def feature_drift_of_days(
    lake: Lake, registry: Registry, champion: int | None, topic: str, first: date, last: date
) -> Drift:
    """Rows of tables.FEATURE_DRIFT of the days first to last, both included, by the champion's reference.

    topic: of transactions, whose rejected messages are counted. Raises ServiceUnavailableError
    where MLflow does not answer.
    """
    if champion is None:
        return _table(tables.FEATURE_DRIFT.schema, [], [NO_CHAMPION])
    try:
        bundle = _bundle(registry, champion)
        bundle.reading(FEATURE_SET.features)
    except (_NotComparedError, ModelError) as error:
        return _table(tables.FEATURE_DRIFT.schema, [], [str(error)])

    def of_day(day: date) -> Rows:
        rejected = _rejections_of(lake, bundle, topic, day)
        try:
            rows = _features_of(lake, bundle, day) + rejected
        except _NotComparedError:
            # Of a day whose messages were nearly all rejected there is just that to tell.
            if not any(row["drifted"] for row in rejected):
                raise
            rows = rejected
        return [_named(row, day, champion, FEATURE_SET.hash) for row in rows]

    return _of_days(tables.FEATURE_DRIFT.schema, first, last, of_day)


def score_drift_of_days(lake: Lake, registry: Registry, first: date, last: date) -> Drift:
    """Rows of tables.SCORE_DRIFT: what each version gave on the days, by its own reference; raises as above."""
    bundles: dict[int, ModelBundle | str] = {}

    def of_day(day: date) -> Rows:
        if not lake.exists(tables.PREDICTIONS):
            raise _NotComparedError(f"{day}: serving/predictions is not in the lake yet")
        made = lake.read(tables.PREDICTIONS, _SCORES, day, day)
        rows: Rows = []
        for version in pc.unique(made["model_version"]).to_pylist():
            if version not in bundles:
                bundles[version] = _bundle_or_reason(registry, version)
            bundle, own = bundles[version], made.filter(pc.field("model_version") == version)
            if not isinstance(bundle, str) and own.num_rows >= FEWEST_ROWS:
                rows += _scores_of(bundle, own, day, version)
        if not rows:
            raise _NotComparedError(f"{day}: of {made.num_rows:,} predictions no {FEWEST_ROWS} can be compared")
        return rows

    compared = _of_days(tables.SCORE_DRIFT.schema, first, last, of_day)
    return Drift(compared.rows, [*(b for b in bundles.values() if isinstance(b, str)), *compared.not_compared])


def _bundle_or_reason(registry: Registry, version: int) -> ModelBundle | str:
    try:
        return _bundle(registry, version)
    except (_NotComparedError, ModelError) as error:
        return str(error)


def _bundle(registry: Registry, version: int) -> ModelBundle:
    bundle = load_bundle(registry.download(version))
    if bundle.card.drift_reference is None:
        raise _NotComparedError(
            f"version {version} has no reference, since a release before 0.2 trained it: train and promote a version"
        )
    return bundle


def _features_of(lake: Lake, bundle: ModelBundle, day: date) -> Rows:
    reference = bundle.card.drift_reference
    assert reference is not None
    if not lake.exists(tables.FEATURES):
        raise _NotComparedError(f"{day}: features/transactions is not in the lake yet")
    names = [feature.name for feature in bundle.card.features]
    of_now = pc.field("feature_set") == FEATURE_SET.hash
    rows = lake.read(tables.FEATURES, names, day, day, where=of_now)
    if rows.num_rows < FEWEST_ROWS:
        raise _NotComparedError(
            f"{day}: {rows.num_rows:,} rows of features by the declaration in force, {FEWEST_ROWS} are needed"
        )
    counts = FeatureCounts(reference, bundle.card.features)
    for start in range(0, rows.num_rows, ROWS_AT_ONCE):
        part = rows.slice(start, ROWS_AT_ONCE)
        values = np.column_stack([part[name].to_numpy() for name in names])
        counts.add(values, bundle.coded(values))
    return feature_drift(counts, list(bundle.card.categories))


def _rejections_of(lake: Lake, bundle: ModelBundle, topic: str, day: date) -> Rows:
    """None where the bundle's snapshot does not say what was rejected then."""
    then = bundle.card.snapshot.get("messages", {})
    rejected, messages = rejected_and_all(lake, topic, day, day)
    if not messages or not then.get("all"):
        return []
    return [rejection_drift(rejected, messages, then["rejected"], then["all"])]


def _scores_of(bundle: ModelBundle, made: pa.Table, day: date, version: int) -> Rows:
    reference = bundle.card.drift_reference
    assert reference is not None
    rows = score_drift(reference, made["probability"].to_numpy(), pc.sum(made["is_fraud"]).as_py())
    return [_named(row, day, version, bundle.card.feature_set) for row in rows]


def _named(row: dict[str, Any], day: date, version: int, feature_set: str) -> dict[str, Any]:
    return {"date": day, "model_version": version, "feature_set": feature_set, **row}


def _of_days(schema: pa.Schema, first: date, last: date, of_day: Callable[[date], Rows]) -> Drift:
    rows: Rows = []
    not_compared = []
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        try:
            rows += of_day(day)
        except _NotComparedError as reason:
            not_compared.append(str(reason))
    return _table(schema, rows, not_compared)


def _table(schema: pa.Schema, rows: Rows, not_compared: Sequence[str]) -> Drift:
    return Drift(pa.Table.from_pylist(rows, schema=schema), list(not_compared))
