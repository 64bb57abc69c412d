"""A scorer, or a peer of it, as a process with topics and folders of its own, and the load that it is put under."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.scorer_load import Load
from benchmarks.scorer_watch import Usage, Watcher
from fraud_platform.local.environment import service_environment
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import create_topics

SCORER = ("-m", "streaming")
W = TypeVar("W", bound=Watcher)


def bench_settings(folder: Path, overrides: dict[str, str]) -> Settings:
    """Settings of the benchmark's own stack, on ports that nothing else of the platform uses."""
    values = {
        "data_dir": folder / "data",
        "log_dir": folder / "logs",
        "jars_dir": PROJECT_ROOT / ".jars",
        "kafka_partitions": 2,
        "starting_offsets": "earliest",
        "spark_ui_port": 29198,
        "metrics_port": 29199,
        "kafka_broker": "127.0.0.1:29192",
        "mlflow_tracking_uri": "http://127.0.0.1:29196",
        **{name.lower(): value for name, value in overrides.items()},
    }
    return Settings(_env_file=None, **values)


def fresh_settings(settings: Settings, number: int) -> Settings:
    """The same with topics, which are made, and folders that no run before has used."""
    names = (name for name in Settings.model_fields if name.startswith("kafka_") and name.endswith("topic"))
    topics = {name: f"{getattr(settings, name)}-{number}" for name in names}
    folder = settings.data_dir.parent / str(number)
    fresh = settings.model_copy(update={**topics, "data_dir": folder, "log_dir": folder})
    create_topics(fresh)
    return fresh


@contextmanager
def running(
    command: Sequence[str], settings: Settings, watcher: W, tree: Path = PROJECT_ROOT
) -> Iterator[tuple[W, Usage]]:
    """A process of this Python, watched from outside; tree: the checkout whose code it runs."""
    process = started(command, settings, tree)
    usage = Usage(process.pid)
    watcher.start()
    usage.start()
    try:
        yield watcher, usage
    except RuntimeError:
        print(_log_file(settings).read_text()[-3000:], file=sys.stderr)
        raise
    finally:
        watcher.stop()
        usage.stop()
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def started(command: Sequence[str], settings: Settings, tree: Path = PROJECT_ROOT) -> subprocess.Popen[bytes]:
    """A process of this Python that writes to a log; whoever asked for it ends it."""
    settings.log_dir.mkdir(parents=True, exist_ok=True)
    with _log_file(settings).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, *command], cwd=tree, env=environment_of(tree, settings), stdout=log, stderr=log
        )


def _log_file(settings: Settings) -> Path:
    return settings.log_dir / "scorer.log"


def environment_of(tree: Path, settings: Settings) -> dict[str, str]:
    """Environment of a process that runs the code of a checkout, with that checkout's own configuration."""
    return {**service_environment(settings), "PYTHONPATH": str(tree), "FRAUD_HOME": str(tree)}


def in_process(task: Any, *arguments: Any) -> None:
    """In a process of its own, whose memory goes with it."""
    process = get_context("spawn").Process(target=task, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"{task.__name__} failed")


def send_backlog(settings: Settings, transactions: int) -> None:
    Load(settings, seed=1).backlog(transactions)


def send_at_rate(settings: Settings, rate: float, seconds: float) -> None:
    # Ids must differ from those of the sender before, which would make them duplicates.
    Load(settings, seed=int(rate), first_id=int(rate) * 10**7).at_rate(rate, seconds)
