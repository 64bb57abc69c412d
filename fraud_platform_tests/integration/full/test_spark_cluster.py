"""Spark on a standalone cluster: what runs in executors, and what a lost worker leaves behind."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import psutil
import pyarrow as pa
import pytest

from fraud_platform.errors import ConfigurationError
from fraud_platform.pipeline import tables
from fraud_platform.resources.spark import LazySpark
from fraud_platform.settings import Settings
from fraud_platform.storage.lake import Lake
from fraud_platform.storage.spark import DRIVER_ROWS, replace_days
from fraud_platform_tests.support.simulated_world import FEATURE_SET
from fraud_platform_tests.support.waiting import wait_until
from streaming.process.executor_checks import check_executors

DAY = date(2026, 1, 1)
SCHEMA = "date date, value long"


@pytest.fixture(scope="module")
def settings(cluster, fresh_jvm, tmp_path_factory) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path_factory.mktemp("cluster"), **cluster.settings())


@pytest.fixture(scope="module")
def session(settings):
    return LazySpark(settings).session


def test_executors_are_other_processes_with_the_drivers_kernel(session):
    def identity(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        assert list(batches)
        yield pa.record_batch({"pid": [os.getppid()], "features": [FEATURE_SET.hash]})

    found = session.range(8, numPartitions=8).mapInArrow(identity, "pid long, features string").collect()
    assert {row.features for row in found} == {FEATURE_SET.hash}
    executors = {psutil.Process(row.pid).parent().pid for row in found}
    assert len(executors) == 2
    assert session.sparkContext._gateway.proc.pid not in executors


@pytest.mark.parametrize("expected_rows", [DRIVER_ROWS, DRIVER_ROWS + 1], ids=["driver writes", "executors write"])
def test_a_worker_killed_in_a_job_costs_no_row_and_leaves_no_half_table(
    cluster, session, settings, tmp_path, expected_rows
):
    lake = Lake(settings)
    before = pa.table({"date": [DAY], "value": [-1]})
    version = lake.replace_days(tables.LABELS, before, DAY, DAY)
    frame = session.range(4, numPartitions=4).mapInArrow(_hold(tmp_path), SCHEMA)
    with ThreadPoolExecutor() as pool:
        write = pool.submit(replace_days, frame, lake, tables.LABELS, DAY, DAY, expected_rows)
        wait_until(lambda: len(list(tmp_path.glob("at-work-*"))) >= 2, "a task on each worker")
        _kill(cluster.workers[0].pid)
        assert lake.version(tables.LABELS) == version
        (tmp_path / "go").touch()
        assert write.result(120) == version + 1
    assert sorted(lake.read(tables.LABELS)["value"].to_pylist()) == [0, 1, 2, 3]
    cluster.workers[0].stop(signal.SIGKILL)
    cluster.workers[0].start()
    wait_until(lambda: cluster.alive_workers() == 2, "the worker back at the master")


def _hold(folder: Path):
    """Rows of the ids, once the file `go` is in the folder."""

    def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            (folder / f"at-work-{os.getpid()}").touch()
            wait_until((folder / "go").exists, "the word to go on")
            yield pa.record_batch({"date": pa.array([DAY] * len(batch)), "value": batch["id"]})

    return rows


def _kill(pid: int) -> None:
    """A worker and all that it started, at once, as when its machine fails."""
    worker = psutil.Process(pid)
    processes = [worker, *worker.children(recursive=True)]
    for process in processes:
        process.kill()
    psutil.wait_procs(processes[1:], timeout=30)


def test_a_state_folder_that_executors_share_passes(session, settings, tmp_path):
    check_executors(session, settings, tmp_path / "state")
    assert not list((tmp_path / "state").iterdir())


def test_a_state_folder_that_executors_do_not_see_is_an_error(session, settings, tmp_path, monkeypatch):
    # As on another machine: what the driver writes is not there.
    monkeypatch.setattr(Path, "write_text", lambda self, text: len(text))
    with pytest.raises(ConfigurationError, match=r"executor on \S+ does not see DATA_DIR=.*a volume that all share"):
        check_executors(session, settings, tmp_path / "state")
