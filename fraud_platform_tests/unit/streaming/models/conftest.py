"""A watcher over versions in folders, whose scorer notes what it is told."""

import pytest

from fraud_platform.operations.aliases import CHAMPION
from fraud_platform_tests.support import bundles
from fraud_platform_tests.support.watched_aliases import Folders, Scorer, started
from streaming.models.alias_watcher import AliasWatcher


@pytest.fixture
def registry(tmp_path) -> Folders:
    folders = Folders(tmp_path)
    folders.save(1, bundles.bundle())
    folders.aliases[CHAMPION] = 1
    return folders


@pytest.fixture
def scorer() -> Scorer:
    return Scorer()


@pytest.fixture
def watcher(registry, scorer, settings) -> AliasWatcher:
    watcher = started(settings, registry, scorer)
    watcher.poll()
    return watcher
