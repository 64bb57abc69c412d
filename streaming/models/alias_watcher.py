"""Watching the aliases: load, verify and warm up a new version beside the running one, then hand it over."""

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from fraud_platform.core.model_bundle import ModelBundle
from fraud_platform.declared import FEATURE_SET
from fraud_platform.errors import AccessDeniedError, ModelError, ServiceUnavailableError, SlowModelError
from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.operations import rollout
from fraud_platform.operations.aliases import CANARY, CHALLENGER, CHAMPION
from fraud_platform.operations.rollout import Verdict
from fraud_platform.operations.scoring_latency import microseconds_per_row
from fraud_platform.settings import Settings
from fraud_platform.storage.bundle_folder import bundle_digest, load_bundle
from streaming.models.traffic_split import LoadedModel

log = logging.getLogger(__name__)

WARM_ALERTS = 8
SLOWEST_US = 200.0
"""Microseconds a row from which on a model is refused: 5,000 transactions a second would take all of the
scorer's time. Twenty times what the gate in Dagster allows, so that a busy machine refuses no model."""
AWAY = (ServiceUnavailableError, AccessDeniedError)
"""What MLflow does that passes, or that somebody mends: no reason to stop scoring with the models at hand."""


class Versions(Protocol):
    """What of the registry the watcher uses."""

    def version(self, alias: str) -> int | None: ...
    def tags(self, version: int) -> dict[str, str]: ...
    def download(self, version: int) -> Path: ...
    def downloaded(self, version: int) -> Path | None: ...


class Follower(Protocol):
    """Who is told of models: the scorer."""

    def take_over(self, model: LoadedModel) -> None: ...
    def put_beside(self, alias: str, model: LoadedModel | None) -> None: ...
    def refuse(self, alias: str, version: int, reason: str) -> None: ...
    def sent_back(self) -> list[tuple[int, str]]: ...


def load_model(registry: Versions, version: int, settings: Settings) -> LoadedModel:
    """A verified and warm model version; raises ModelError where it is not what it says it is, or too slow."""
    return _ready(version, registry.download(version), settings)


def _ready(version: int, folder: Path, settings: Settings, digest: str | None = None) -> LoadedModel:
    digest = bundle_digest(folder, digest)
    bundle = load_bundle(folder).reading(FEATURE_SET.features)
    bundle.verify()
    if (slow_us := warm_up(bundle)) > SLOWEST_US:
        raise SlowModelError(
            f"{bundle.card.model_name} takes {slow_us:.0f} microseconds a transaction, {SLOWEST_US:g} are allowed: "
            "train a smaller model"
        )
    threshold = bundle.threshold if settings.fraud_threshold is None else settings.fraud_threshold
    return LoadedModel(version, bundle, threshold, digest)


def warm_up(bundle: ModelBundle) -> float:
    """Explain and score rows as a batch would, so that no batch pays for what is done once; microseconds a row."""
    bundle.reasons_of_own(bundle.reference_features[:WARM_ALERTS])
    return microseconds_per_row(bundle)


class AliasWatcher(threading.Thread):
    """Polls the aliases; tells the follower of each new model, verified, or why it was refused.

    A challenger or canary that becomes champion is loaded already. An MLflow that is away, or
    refuses, changes nothing: the running models go on, and a scorer that starts goes on
    with the last champion.
    """

    def __init__(
        self,
        settings: Settings,
        registry: Versions,
        last_champion: Callable[[], ScorerEvent | None],
        send_back: Callable[[int, str], None],
        follower: Follower,
        on_crash: Callable[[BaseException], None],
    ) -> None:
        """last_champion: the ledger's event of the version that was in force before this process.

        send_back: takes the aliases from a version whose alerts left the band, and writes down why.
        """
        super().__init__(name="alias-watcher", daemon=True)
        self._settings, self._registry, self._follower, self._on_crash = settings, registry, follower, on_crash
        self._last_champion, self._send_back = last_champion, send_back
        # By alias, the version that was taken or refused last.
        self._settled: dict[str, int | None] = {CHAMPION: None, CANARY: None, CHALLENGER: None}
        self._models: dict[int, LoadedModel] = {}
        self._going: dict[int, str] = {}
        self._away = ""
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
            self._follow()
            self._away = ""
        except AWAY as error:
            if str(error) != self._away:  # once, and not every two seconds
                log.warning("%s; the model in force goes on", error)
            self._away = str(error)
            if self._settled[CHAMPION] is None:
                self._resume()

    def _follow(self) -> None:
        champion = self._registry.version(CHAMPION)
        if champion is not None:
            self._settle(CHAMPION, champion)
        self._take_aliases_back()
        for alias in (CANARY, CHALLENGER):
            version = self._registry.version(alias)
            self._settle(alias, None if version == champion else version)

    def _take_aliases_back(self) -> None:
        """From versions that the scorer has sent back; where MLflow does not let it now, at the next look."""
        self._going |= self._follower.sent_back()
        for version, reason in list(self._going.items()):
            self._send_back(version, reason)
            del self._going[version]

    def _resume(self) -> None:
        """Take over the last champion from its local copy, where there is one."""
        last = self._last_champion()
        version = last.model_version if last else None
        folder = None if version is None else self._registry.downloaded(version)
        if last is None or version is None or folder is None:
            return
        try:
            self._models[version] = _ready(version, folder, self._settings, last.bundle_digest)
        except ModelError as error:  # MLflow has the whole, and is asked again
            log.error("the copy of version %s in %s: %s", version, folder, error)
            return
        self._follower.take_over(self._models[version])
        self._settled[CHAMPION] = version

    def _settle(self, alias: str, version: int | None) -> None:
        if version == self._settled[alias]:
            return
        model = None if version is None else self._load(alias, version)
        if alias != CHAMPION:  # none where the new one was refused
            self._follower.put_beside(alias, model)
        elif model is not None:
            self._follower.take_over(model)
        self._settled[alias] = version
        self._models = {v: model for v, model in self._models.items() if v in self._settled.values()}

    def _load(self, alias: str, version: int) -> LoadedModel | None:
        """The model; None where it is refused."""
        try:
            if reason := _not_let_through(alias, version, self._registry.tags(version)):
                raise ModelError(reason)
            if version not in self._models:
                self._models[version] = load_model(self._registry, version, self._settings)
            return self._models[version]
        except ModelError as error:
            log.error("version %s, the %s, refused: %s", version, alias, error)
            self._follower.refuse(alias, version, str(error))
            return None

    def stop(self) -> None:
        self._stop_requested.set()


def _not_let_through(alias: str, version: int, tags: Mapping[str, str]) -> str | None:
    """Why the gate keeps a version from the alias; None where it does not.

    An alias can be set by hand in MLflow. What the gate refused scores nothing, and nothing decides
    as canary that has not passed it.
    """
    verdict = rollout.verdict_of(tags)
    if verdict is Verdict.REFUSED:
        return f"the gate refused version {version}: {tags.get(rollout.GATE_REASON)}; 'fraud promote' overrides it"
    if alias == CANARY and (verdict is None or not verdict.lets_through):
        return f"version {version} has not passed the gate, so it decides on nobody as {CANARY}"
    return None
