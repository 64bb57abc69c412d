"""A platform over a small lake whose champion, version 1, has a reference of some of the lake's own days."""

from datetime import date, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from fraud_platform.core.model_bundle import ModelBundle
from fraud_platform.core.monitoring.reference import drift_reference
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.feature_rows import feature_matrix
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.storage.bundle_folder import save_bundle
from fraud_platform.storage.lake import Lake
from fraud_platform.storage.registry import Registry
from fraud_platform_tests.support import feature_lake
from fraud_platform_tests.support.bundles import bundle
from fraud_platform_tests.support.simulated_world import FEATURE_SET, FEATURES

REFERENCE_FIRST = feature_lake.FIRST_DAY + timedelta(days=13)
REFERENCE_LAST = REFERENCE_FIRST + timedelta(days=13)
LATER = REFERENCE_LAST + timedelta(days=1)
VERSION = 1


def platform_with_champion(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, with_reference: bool = True, champion: int | None = VERSION
) -> PlatformResource:
    """MLflow's part is played by two patched methods; lake and bundle are real."""
    platform = PlatformResource(overrides={"data_dir": str(folder / "data")})
    feature_lake.fill(platform.lake)
    made = bundle(threshold=0.5)
    if with_reference:
        made = referring(made, platform.lake)
    saved = save_bundle(made, folder / "bundle")
    monkeypatch.setattr(Registry, "version", lambda self, alias: champion)
    monkeypatch.setattr(Registry, "download", lambda self, version: saved)
    return platform


def referring(made: ModelBundle, lake: Lake) -> ModelBundle:
    """The bundle with a reference of REFERENCE_FIRST to REFERENCE_LAST."""
    rows = lake.read(tables.FEATURES, None, REFERENCE_FIRST, REFERENCE_LAST)
    features, scores = feature_matrix(rows), made.score(feature_matrix(rows))
    days = rows["date"].to_numpy().astype("datetime64[D]")
    drift = drift_reference(FEATURES, [features], [features], (), days, scores, scores >= made.threshold)
    snapshot = {"messages": {"rejected": 10, "all": len(rows)}}
    card = msgspec.structs.replace(made.card, drift_reference=drift, snapshot=snapshot)
    return ModelBundle.build(card, made.model, features[:256])


def change_features(lake: Lake, day: date, **factors: float) -> None:
    """Multiply features of a day."""
    rows = lake.read(tables.FEATURES, None, day, day)
    for name, factor in factors.items():
        place = rows.column_names.index(name)
        rows = rows.set_column(place, name, pa.array(rows[name].to_numpy() * factor))
    lake.replace_days(tables.FEATURES, rows, day, day)


def write_predictions(lake: Lake, day: date, shift: float = 0.0, version: int = VERSION) -> None:
    """What the champion would have decided on the day; shift is added to the probabilities."""
    rows = lake.read(tables.FEATURES, None, day, day)
    made = bundle(threshold=0.5)
    scores = np.minimum(made.score(feature_matrix(rows)) + shift, 1.0)
    columns = {
        "date": rows["date"],
        "transaction_id": rows["transaction_id"],
        "customer_id": rows["customer_id"],
        "event_time_ms": rows["event_time_ms"],
        "source_partition": rows["kafka_partition"],
        "source_offset": rows["kafka_offset"],
        "probability": scores,
        "threshold": np.full(len(rows), made.threshold),
        "is_fraud": scores >= made.threshold,
        "model_version": pa.array([version] * len(rows), pa.int32()),
        "reasons": pa.array([["amount 1.00, raises the risk"]] * len(rows)),
        "feature_set": pa.repeat(FEATURE_SET.hash, len(rows)),
    }
    lake.replace_days(tables.PREDICTIONS, pa.table(columns), day, day)
