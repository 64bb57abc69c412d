"""The data scientists' door: tables of the lake and the champion, in a notebook or a script (docs/data-science.md).

It reads and never writes. Settings come from the environment and `.env`, as for the commands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import pyarrow as pa

from fraud_platform.core.arrays import Floats
from fraud_platform.core.day_range import a_day
from fraud_platform.core.features.declaration import Feature
from fraud_platform.core.frames import feature_matrix
from fraud_platform.core.model_bundle import ModelBundle
from fraud_platform.errors import LakeError, ModelError
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.training_snapshot import Snapshot, read_snapshot
from fraud_platform.settings import Settings, load_settings
from fraud_platform.storage.bundle_folder import load_bundle
from fraud_platform.storage.lake import Lake, Table
from fraud_platform.storage.registry import Registry

Day = date | str
"""A day in UTC; text is YYYY-MM-DD."""
_SHORT = {"features": tables.FEATURES, "predictions": tables.PREDICTIONS}


def open_platform(**settings: Any) -> "Platform":
    """The platform that the settings name; keyword arguments win, as in `open_platform(data_dir="data")`.

    Raises ConfigurationError with one line per bad setting. Nothing is read or asked yet.
    """
    return Platform(load_settings(**settings))


@dataclass(frozen=True)
class TrainingSet:
    """The training set that is in the lake now."""

    rows: pa.Table
    """In their order: place, ids, features, `split` (train, validation, test), `label`, and `blocked` cards."""
    snapshot: Snapshot
    """What gives the same rows again: days, offsets and label cut-off of each split, table versions, settings."""


class Champion:
    """The model version that decides, for rows of the caller's own."""

    def __init__(self, version: int, bundle: ModelBundle) -> None:
        self.version = version
        self.bundle = bundle

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the columns that it reads."""
        return tuple(feature.name for feature in self.declared)

    @property
    def declared(self) -> Sequence[Feature]:
        """The same with meaning, unit and default."""
        return self.bundle.card.features

    @property
    def threshold(self) -> float:
        """Probability from which on a transaction is an alert."""
        return self.bundle.threshold

    def score(self, frame: Any) -> Floats:
        """Calibrated probabilities of fraud (n,) of the rows of an Arrow table, or of a pandas or Polars frame.

        Columns are found by name, in whatever order. Raises FrameError where one is missing, or has
        something else than numbers.
        """
        return self.bundle.score(feature_matrix(frame, self.features))

    def reasons(self, frame: Any, top: int = 3) -> list[list[str]]:
        """Of each row the `top` features that move its score most, in words; raises as `score`."""
        return self.bundle.reasons(feature_matrix(frame, self.features), top)


class Platform:
    """The lake and the registry of one platform; every method raises ServiceUnavailableError where they are away."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def lake(self) -> Lake:
        return Lake(self.settings)

    @cached_property
    def registry(self) -> Registry:
        return Registry(self.settings)

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables that are in the lake."""
        return tuple(table.name for table in tables.ALL if self.lake.exists(table))

    def table(
        self, name: str, first: Day | None = None, last: Day | None = None, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Rows of a table of the arrival days first to last, both included; all days and columns by default.

        name: as in `tables`, or that of the asset, or "features", or "predictions". Raises LakeError
        where there is no such table, UnknownDayError for text that is no day.
        """
        return self.lake.read(_named(name), columns, _day(first), _day(last))

    def training_set(self) -> TrainingSet:
        """Raises LakeError where none was materialised."""
        return TrainingSet(self.lake.read(tables.TRAINING_SET).sort_by("row"), read_snapshot(self.lake))

    def predictions(self, first: Day | None = None, last: Day | None = None) -> pa.Table:
        """The scorer's decisions by the day they were made; raises as `table`."""
        return self.table("predictions", first, last)

    def champion(self) -> Champion:
        """The version that decides, its bundle verified. Raises ModelError where there is none."""
        version = self.registry.version(CHAMPION)
        if version is None:
            raise ModelError("there is no champion yet: train a model, or see 'fraud promote'")
        bundle = load_bundle(self.registry.download(version))
        bundle.verify()
        return Champion(version, bundle)


def _named(name: str) -> Table:
    known = {**{table.name: table for table in tables.ALL}, **_SHORT}
    of_asset = {table.asset: table for table in reversed(tables.ALL)}
    found = known.get(name) or of_asset.get(name)
    if found is None:
        raise LakeError(f"there is no table {name!r}: name one of {', '.join(sorted(known))}")
    return found


def _day(day: Day | None) -> date | None:
    return a_day(day) if isinstance(day, str) else day
