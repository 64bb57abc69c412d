"""Watching the champion alias: load and verify a new version beside the running one, then hand it over."""

import logging
import threading
from collections.abc import Callable

from fraud_platform.core.features.table import feature_set_hash
from fraud_platform.core.scoring import ModelBundle
from fraud_platform.errors import ModelError, ServiceUnavailableError
from fraud_platform.settings import Settings
from fraud_platform.storage.registry import CHAMPION, Registry
from streaming.scoring import LoadedModel
from streaming.settings import model_cache

log = logging.getLogger(__name__)


def load_model(registry: Registry, version: int, settings: Settings) -> LoadedModel:
    """A verified model version; raises ModelError where it is not what it says it is."""
    bundle = ModelBundle.load(registry.download(version, model_cache(settings)))
    bundle.verify(feature_set_hash())
    threshold = bundle.threshold if settings.fraud_threshold is None else settings.fraud_threshold
    return LoadedModel(version, bundle, threshold)


class ChampionWatcher(threading.Thread):
    """Polls the alias; calls `on_model` with each verified new champion, `on_refusal` with each bad one.

    An MLflow that is away changes nothing: the running model goes on.
    """

    def __init__(
        self,
        settings: Settings,
        on_model: Callable[[LoadedModel], None],
        on_refusal: Callable[[int, str], None],
        on_crash: Callable[[BaseException], None],
    ) -> None:
        super().__init__(name="champion-watcher", daemon=True)
        self._settings = settings
        self._registry = Registry(settings)
        self._on_model, self._on_refusal, self._on_crash = on_model, on_refusal, on_crash
        self._settled: int | None = None  # version last taken or refused
        self._stop_requested = threading.Event()

    def run(self) -> None:
        try:
            while not self._stop_requested.is_set():
                self.poll()
                self._stop_requested.wait(self._settings.promotion_poll_seconds)
        except BaseException as error:
            self._on_crash(error)

    def poll(self) -> None:
        """Take over or refuse the champion if it is not the version settled last."""
        try:
            version = self._registry.version(CHAMPION)
        except ServiceUnavailableError as error:
            log.warning("%s; the running model goes on", error)
            return
        if version is None or version == self._settled:
            return
        try:
            model = load_model(self._registry, version, self._settings)
        except ServiceUnavailableError as error:
            log.warning("%s; the running model goes on", error)
        except ModelError as error:
            log.error("version %s refused: %s", version, error)
            self._settled = version
            self._on_refusal(version, str(error))
        else:
            self._settled = version
            self._on_model(model)

    def stop(self) -> None:
        self._stop_requested.set()
