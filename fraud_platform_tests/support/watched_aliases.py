"""The watcher of aliases between a registry of folders and a scorer that notes what it is told."""

from pathlib import Path

import pytest

from fraud_platform.core.model_bundle import MODEL, ModelBundle
from fraud_platform.errors import ServiceUnavailableError
from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.operations.aliases import CANARY, CHALLENGER
from fraud_platform.storage.bundle_folder import save_bundle
from fraud_platform_tests.support import bundles
from streaming.models.alias_watcher import AliasWatcher

AWAY = ServiceUnavailableError("MLflow does not answer")


class Folders:
    """A registry whose versions are folders."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.aliases = folder, {}
        self.away: Exception | None = None
        self.downloads: list[int] = []
        self.copies: set[int] = set()
        self.of: dict[int, dict[str, str]] = {}

    def save(self, version: int, bundle: ModelBundle) -> Path:
        return save_bundle(bundle, self.folder / str(version))

    def version(self, alias: str) -> int | None:
        if self.away:
            raise self.away
        return self.aliases.get(alias)

    def tags(self, version: int) -> dict[str, str]:
        return self.of.get(version, {})

    def download(self, version: int) -> Path:
        self.downloads.append(version)
        return self.folder / str(version)

    def downloaded(self, version: int) -> Path | None:
        return self.folder / str(version) if version in self.copies else None

    def delete_alias(self, alias: str) -> None:
        self.aliases.pop(alias, None)


class Scorer:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.champions: list[int] = []
        self.beside: dict[str, list[int | None]] = {CHALLENGER: [], CANARY: []}
        self.refusals: list[tuple[str, int, str]] = []
        self.going: list[tuple[int, str]] = []

    def take_over(self, model) -> None:
        self.champions.append(model.version)

    def put_beside(self, alias: str, model) -> None:
        self.beside[alias].append(model and model.version)

    def refuse(self, alias: str, version: int, reason: str) -> None:
        self.refusals.append((alias, version, reason))

    def sent_back(self) -> list[tuple[int, str]]:
        going, self.going = self.going, []
        return going


def started(
    settings, registry: Folders, scorer: Scorer, last_champion: int | None = None, digest: str | None = None
) -> AliasWatcher:
    event = last_champion and ScorerEvent(
        kind="model_loaded", scorer_id="s", at_ms=0, model_version=last_champion, bundle_digest=digest
    )

    def send_back(version: int, reason: str) -> None:
        if registry.away:
            raise registry.away
        registry.aliases = {alias: v for alias, v in registry.aliases.items() if v != version}

    def crash(error: BaseException) -> None:
        pytest.fail(str(error))

    return AliasWatcher(settings, registry, lambda: event, send_back, scorer, crash)


def does_not_load(registry: Folders) -> None:
    folder = registry.save(2, bundles.bundle())
    (folder / MODEL).unlink()
