"""Watching the aliases: load, verify and warm up a new version beside the running one, then hand it over."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from fraud_platform.core.features.table import feature_set_hash
from fraud_platform.core.scoring import ModelBundle
from fraud_platform.errors import ModelError, ServiceUnavailableError, SlowModelError
from fraud_platform.settings import Settings
from fraud_platform.storage.registry import CHALLENGER, CHAMPION
from fraud_platform.storage.scoring_speed import microseconds_per_row
from streaming.contest import LoadedModel

log = logging.getLogger(__name__)

WARM_ALERTS = 8
SLOWEST_US = 200.0
"""Microseconds a row from which on a model is refused: 5,000 transactions a second would take all of the
scorer's time. Twenty times what the gate in Dagster allows, so that a busy machine refuses no model."""


class Aliases(Protocol):
    """What of the registry the watcher uses."""

    def version(self, alias: str) -> int | None: ...
    def download(self, version: int) -> Path: ...
    def downloaded(self, version: int) -> Path | None: ...
    def delete_alias(self, alias: str) -> None: ...


class Follower(Protocol):
    """Who is told of models: the scorer."""

    unwanted: int | None
    """A challenger that was sent back; its alias is to go."""

    def take_over(self, model: LoadedModel) -> None: ...
    def challenge(self, model: LoadedModel | None) -> None: ...
    def refuse(self, alias: str, version: int, reason: str) -> None: ...


def load_model(registry: Aliases, version: int, settings: Settings) -> LoadedModel:
    """A verified and warm model version; raises ModelError where it is not what it says it is, or too slow."""
    return _ready(version, registry.download(version), settings)


def _ready(version: int, folder: Path, settings: Settings) -> LoadedModel:
    bundle = ModelBundle.load(folder)
    bundle.verify(feature_set_hash())
    if (slow_us := warm_up(bundle)) > SLOWEST_US:
        raise SlowModelError(
            f"{bundle.card.model_name} takes {slow_us:.0f} microseconds a transaction, {SLOWEST_US:g} are allowed: "
            "train a smaller model"
        )
    threshold = bundle.threshold if settings.fraud_threshold is None else settings.fraud_threshold
    return LoadedModel(version, bundle, threshold)


def warm_up(bundle: ModelBundle) -> float:
    """Explain and score rows as a batch would, so that no batch pays for what is done once; microseconds a row."""
    bundle.reasons(bundle.reference_features[:WARM_ALERTS])
    return microseconds_per_row(bundle)


class AliasWatcher(threading.Thread):
    """Polls the aliases; tells the follower of each new champion and challenger, verified, or why it was refused.

    A challenger that becomes champion is loaded already. An MLflow that is away changes
    nothing: the running models go on, and a scorer that starts goes on with the last one.
    """

    def __init__(
        self,
        settings: Settings,
        registry: Aliases,
        last_champion: Callable[[], int | None],
        follower: Follower,
        on_crash: Callable[[BaseException], None],
    ) -> None:
        """last_champion: the version that was in force before this process."""
        super().__init__(name="alias-watcher", daemon=True)
        self._settings, self._registry, self._follower, self._on_crash = settings, registry, follower, on_crash
        self._last_champion = last_champion
        self._settled: dict[str, int | None] = {CHAMPION: None, CHALLENGER: None}  # last taken or refused
        self._models: dict[int, LoadedModel] = {}
        self._stop_requested = threading.Event()

    def run(self) -> None:
        try:
            while not self._stop_requested.is_set():
                self.poll()
                self._stop_requested.wait(self._settings.promotion_poll_seconds)
        except BaseException as error:
            self._on_crash(error)

    def poll(self) -> None:
        """Follow the aliases once."""
        try:
            champion = self._registry.version(CHAMPION)
            if champion is not None:
                self._settle(CHAMPION, champion)
            self._settle(CHALLENGER, self._challenger(champion))
        except ServiceUnavailableError as error:
            log.warning("%s; the model in force goes on", error)
            if self._settled[CHAMPION] is None:
                self._resume()

    def _resume(self) -> None:
        """Take over the last champion from its local copy, where there is one."""
        version = self._last_champion()
        folder = None if version is None else self._registry.downloaded(version)
        if version is None or folder is None:
            return
        try:
            self._models[version] = _ready(version, folder, self._settings)
        except ModelError as error:  # MLflow has the whole, and is asked again
            log.error("the copy of version %s in %s: %s", version, folder, error)
            return
        self._follower.take_over(self._models[version])
        self._settled[CHAMPION] = version

    def _challenger(self, champion: int | None) -> int | None:
        version = self._registry.version(CHALLENGER)
        if version is not None and version == self._follower.unwanted:
            self._registry.delete_alias(CHALLENGER)
            return None
        return None if version == champion else version

    def _settle(self, alias: str, version: int | None) -> None:
        if version == self._settled[alias]:
            return
        if version is None:
            self._follower.challenge(None)
        elif (model := self._load(alias, version)) and alias == CHAMPION:
            self._follower.take_over(model)
        elif alias == CHALLENGER:  # without one where the new one was refused
            self._follower.challenge(model)
        self._settled[alias] = version
        self._models = {v: model for v, model in self._models.items() if v in self._settled.values()}

    def _load(self, alias: str, version: int) -> LoadedModel | None:
        """The model; None where it is refused."""
        try:
            if version not in self._models:
                self._models[version] = load_model(self._registry, version, self._settings)
            return self._models[version]
        except ModelError as error:
            log.error("version %s, the %s, refused: %s", version, alias, error)
            self._follower.refuse(alias, version, str(error))
            return None

    def stop(self) -> None:
        self._stop_requested.set()
