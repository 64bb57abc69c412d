"""Dagster on PostgreSQL: the databases that the init script makes, and runs across a restart of the server."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import dagster as dg
import pytest
import yaml
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy import text

from fraud_platform.local.environment import environment
from fraud_platform.local.orchestrator import instance_configuration
from fraud_platform.resources.event_log import BatchingPostgresEventLog
from fraud_platform_tests.integration.full.postgres import Postgres
from fraud_platform_tests.support import many_days_run


@dg.asset
def a_table() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"rows": 7})


@pytest.fixture
def instance(postgres: Postgres, make_settings, tmp_path, monkeypatch):
    """Dagster's instance as the full stack configures it."""
    settings = make_settings(**postgres.settings())
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(instance_configuration(settings)))
    with dg.DagsterInstance.from_config(str(tmp_path)) as made:
        yield made


INDEX = {
    "event_logs": "run_id, event, partition",
    "asset_keys": "asset_key, last_run_id, last_materialization_timestamp",
}
INDEX |= {"asset_check_executions": "asset_key, check_name, partition, run_id, execution_status, evaluation_event"}
INDEX |= {"asset_event_tags": "asset_key, key, value, event_timestamp"}
"""Table → its columns without the numbers that a sequence gives out."""


def test_a_batch_of_events_leaves_the_rows_that_dagster_leaves_one_by_one(instance):
    storage, batches = instance.event_log_storage, many_days_run.batches()
    assert isinstance(storage, BatchingPostgresEventLog)

    def indexed() -> dict[str, list[tuple]]:
        with storage.index_connection() as conn:
            return {
                table: [tuple(row) for row in conn.execute(text(f"select {columns} from {table} order by {columns}"))]
                for table, columns in INDEX.items()
            }

    for batch in batches:
        storage.store_event_batch(batch)
    together = indexed()
    storage.wipe()
    for event in (event for batch in batches for event in batch):
        storage.store_event(event)
    assert together == indexed() and all(together.values())


def rows_of(instance: dg.DagsterInstance) -> list[object]:
    records = instance.fetch_materializations(dg.AssetKey("a_table"), limit=10).records
    return [record.asset_materialization.metadata["rows"].value for record in records]


def test_runs_and_materialisations_outlive_a_restart_of_the_server(postgres, instance):
    assert dg.materialize([a_table], instance=instance).success
    before, runs = rows_of(instance), instance.get_runs_count()
    _restart(postgres)
    assert rows_of(instance) == before
    assert dg.materialize([a_table], instance=instance).success
    assert rows_of(instance) == [7, *before]
    assert instance.get_runs_count() == runs + 1


def test_a_run_goes_on_through_a_restart_of_the_server(postgres, instance):
    @dg.asset
    def slow_table(context: dg.AssetExecutionContext) -> None:
        restarted = Event()

        def work() -> None:
            while not restarted.is_set():
                context.log.info("at work")  # an event each, which Dagster stores

        with ThreadPoolExecutor() as pool:
            at_work = pool.submit(work)
            _restart(postgres)  # in this thread: the server ends with the one that started it
            restarted.set()
            at_work.result()

    assert dg.materialize([slow_table], instance=instance).success
    assert instance.get_latest_materialization_event(dg.AssetKey("slow_table"))


def _restart(postgres: Postgres) -> None:
    with postgres.server.away():
        pass


def test_while_the_server_is_away_a_run_fails_and_leaves_nothing_half_recorded(postgres, instance):
    assert dg.materialize([a_table], instance=instance).success
    before, runs = rows_of(instance), instance.get_runs_count()
    with postgres.server.away(), pytest.raises(DagsterPostgresException, match="too many retries"):
        dg.materialize([a_table], instance=instance)
    assert rows_of(instance) == before
    assert instance.get_runs_count() == runs


def test_the_init_script_run_again_changes_nothing(postgres):
    before = postgres.psql("SELECT datname, datdba FROM pg_database ORDER BY 1").stdout
    postgres.initialise()
    assert postgres.psql("SELECT datname, datdba FROM pg_database ORDER BY 1").stdout == before


@pytest.mark.parametrize(("user", "database", "opens"), [("dagster", "dagster", True), ("dagster", "mlflow", False)])
def test_a_user_opens_its_own_database_and_no_other(postgres, user, database, opens):
    result = postgres.psql("SELECT 1", user=user, database=database)
    assert (result.stdout.strip() == "1") is opens
    assert opens or "permission denied for database" in result.stderr
