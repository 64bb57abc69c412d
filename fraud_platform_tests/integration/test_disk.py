"""A scorer whose disk fills up, or turns read-only, under it: nothing is lost, and it goes on once it can write."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fraud_platform.feeding.messages import Disturbances, transaction_messages
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.settings import Settings
from fraud_platform.storage.registry import Registry
from fraud_platform_tests.chaos.run import UnderFire
from fraud_platform_tests.support import bundles
from fraud_platform_tests.support.kafka_outcome import assert_features_equal_batch, outcome, predictions, send
from fraud_platform_tests.support.scraped_metrics import scraped
from streaming.state.checkpoint import checkpoint_folder

MEBIBYTES = 64


@pytest.fixture
def disk(tmp_path) -> Iterator[Path]:
    """A small file system."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", f"size={MEBIBYTES}m", "none", folder)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def settings(mlflow_server, make_scorer_settings, disk) -> Settings:
    return make_scorer_settings(data_dir=disk)


def mount(*arguments: object) -> None:
    done = subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a file system cannot be mounted here: {done.stderr.strip()}")


@contextmanager
def full(settings: Settings) -> Iterator[None]:
    filler = settings.data_dir / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def read_only(settings: Settings) -> Iterator[None]:
    (checkpoint,) = (path.parent for path in checkpoint_folder(settings).glob("*/generation.json"))
    mount("--bind", checkpoint, checkpoint)
    mount("-o", "remount,bind,ro", checkpoint)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", checkpoint], check=True)


@pytest.mark.parametrize("fault", [full, read_only])
def test_a_disk_that_cannot_be_written_costs_nothing_but_time(settings, tmp_path, fault):
    Registry(settings).set_alias(CHAMPION, bundles.register(settings, tmp_path / "model"))
    messages = sorted(transaction_messages(bundles.transactions(3), Disturbances(0.05, 0.02, 0.02, 5)))
    half = len(messages) // 2
    with UnderFire(settings, tmp_path / "pauses") as fire:
        send(settings, messages[:half])
        fire.wait_until(lambda: outcome(settings).lost == 0, "predictions of the first half")
        scored = len(predictions(settings))
        with fault(settings):
            with fire.process.frozen():
                send(settings, messages[half:])
            fire.wait_until(lambda: (scraped(settings, "fraud_scorer_restarts_total") or 0) >= 2, "two restarts")
            assert len(predictions(settings)) == scored
        fire.wait_until(lambda: outcome(settings).lost + outcome(settings).letters_lost == 0, "the rest")
        assert fire.starts == 1
        assert fire.process.end(signal.SIGTERM) == 0

    assert outcome(settings).is_exactly_once
    assert_features_equal_batch(settings)
