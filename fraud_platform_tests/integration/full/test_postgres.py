"""Dagster on PostgreSQL: the databases that the init script makes, and runs across a restart of the server."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import dagster as dg
import pytest
import yaml
from dagster_postgres.utils import DagsterPostgresException

from fraud_platform.local.environment import environment
from fraud_platform.local.orchestrator import instance_configuration
from fraud_platform_tests.integration.full.postgres import Postgres


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
