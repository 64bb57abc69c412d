"""Small real models for tests: trained on the simulator's transactions, by the same kernel."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from catboost import CatBoostClassifier
from mlflow import MlflowClient

from fraud_platform.core.features.declaration import Feature
from fraud_platform.core.model_bundle import BundleCard, ModelBundle
from fraud_platform.core.simulation.days import simulate_day
from fraud_platform.core.simulation.world import World
from fraud_platform.settings import Settings
from fraud_platform.storage.bundle_folder import save_bundle
from fraud_platform.storage.registry import Registry
from fraud_platform_tests.support.simulated_world import (
    FEATURE_SET,
    FEATURES,
    KERNEL,
    LAYOUT,
    MERCHANT_FEATURES,
)
from fraud_platform_tests.support.velocity_at_once import velocities_at_once

WORLD = World(seed=11, customers=300, merchants=200)
FIRST_DAY = date(2026, 3, 1)


@cache
def transactions(days: int = 10) -> pd.DataFrame:
    """Simulated transactions of the first days of a small world."""
    return pd.concat([simulate_day(WORLD, FIRST_DAY + timedelta(days=n)) for n in range(days)], ignore_index=True)


@cache
def training_matrix() -> tuple[np.ndarray, np.ndarray]:
    """Features (n, F) with the merchant defaults, and labels (n,)."""
    frame = transactions(20)
    events = LAYOUT.rows(frame, frame["event_time_ms"])
    merchant = np.tile([f.default for f in MERCHANT_FEATURES], (len(frame), 1))
    values = (KERNEL.features(LAYOUT.empty, events).values, merchant, velocities_at_once(events))
    return np.hstack(values), frame["is_fraud"].to_numpy()


OTHER_FEATURES = (*FEATURES[:-1], replace(FEATURES[-1], name="of_another_declaration"))
"""Of which the last one is not declared."""


def bundle(
    seed: int = 1,
    feature_set: str | None = None,
    threshold: float = 0.05,
    declared: Sequence[Feature] = FEATURES,
) -> ModelBundle:
    """A model of a few trees; other seeds give other scores."""
    features, labels = training_matrix()
    model = CatBoostClassifier(iterations=20, depth=4, random_seed=seed, verbose=False, allow_writing_files=False)
    model.fit(pd.DataFrame(features, columns=[feature.name for feature in declared]), labels)
    card = BundleCard(
        model_name="test",
        features=list(declared),
        feature_set=feature_set or FEATURE_SET.hash,
        calibration_method="none",
        calibration_scores=[0.0, 1.0],
        calibration_probabilities=[0.0, 1.0],
        threshold=threshold,
        alert_budget_per_day=50,
        snapshot={},
        metrics={},
        seed=seed,
        libraries={},
    )
    return ModelBundle.build(card, model, features[:256])


def register(settings: Settings, folder: Path, **options: object) -> int:
    """Register a bundle; returns its version, which has no alias."""
    run = MlflowClient(settings.mlflow_tracking_uri).create_run("0")
    return Registry(settings).register(save_bundle(bundle(**options), folder), run.info.run_id, "test", {})
