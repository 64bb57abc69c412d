"""A batch leaves the rows that Dagster leaves where it stores the same events one by one."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.storage.event_log import SqliteEventLogStorage

from fraud_platform.resources.event_log import MOST_EVENTS, BatchingSqliteEventLog
from fraud_platform_tests.support import many_days_run

INDEXED = {"event_logs": 103, "asset_keys": 3, "asset_check_executions": 40, "asset_event_tags": 41}
"""Rows of each table that is kept across runs."""


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> tuple[Path, Path, str]:
    """The folders of Dagster's own storage and of ours with the same events, and the run's id."""
    ours, plain = tmp_path_factory.mktemp("ours"), tmp_path_factory.mktemp("plain")
    batches = many_days_run.batches()
    with dg.DagsterInstance.ephemeral() as instance:
        for folder, kind in ((plain, SqliteEventLogStorage), (ours, BatchingSqliteEventLog)):
            storage = kind(str(folder))
            storage.register_instance(instance)
            for batch in batches:
                storage.store_event_batch(batch)
    return plain, ours, batches[0][0].run_id


def rows(file: Path, table: str) -> list[dict]:
    """In the order of their numbers, without the time of writing."""
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        found = [dict(row) for row in connection.execute(f"select * from {table} order by 1, 2, 3")]
    return [{name: value for name, value in row.items() if name != "create_timestamp"} for row in found]


@pytest.mark.parametrize("table", INDEXED)
def test_the_index_is_dagsters_to_the_row(stored, table):
    plain, ours, _ = stored
    assert len(rows(ours / "index.db", table)) == INDEXED[table]
    assert rows(ours / "index.db", table) == rows(plain / "index.db", table)


def test_the_runs_own_file_is_dagsters_to_the_row(stored):
    plain, ours, run = stored
    assert rows(ours / f"{run}.db", "event_logs") == rows(plain / f"{run}.db", "event_logs") != []


@pytest.mark.parametrize("chosen", [None, "50"])
def test_an_instance_with_this_storage_writes_batches_unless_somebody_says_otherwise(tmp_path, monkeypatch, chosen):
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", chosen or "")
    if chosen is None:
        monkeypatch.delenv("DAGSTER_EVENT_BATCH_SIZE")
    custom = {"module": "fraud_platform.resources.event_log", "class": "BatchingSqliteStorage"}
    configuration = {"storage": {"custom": {**custom, "config": {"base_dir": str(tmp_path / "dagster")}}}}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(configuration))
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert isinstance(instance.event_log_storage, BatchingSqliteEventLog)
        assert os.environ["DAGSTER_EVENT_BATCH_SIZE"] == (chosen or str(MOST_EVENTS))
        job = many_days_run.definitions().resolve_job_def("everything")
        assert job.execute_in_process(instance=instance, tags=many_days_run.RANGE).success
        assert len(instance.get_materialized_partitions(dg.AssetKey("report"))) == many_days_run.DAYS
