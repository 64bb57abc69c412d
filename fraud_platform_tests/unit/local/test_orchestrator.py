"""The instance files are ones that Dagster takes, and the stack's copy keeps to its own DATA_DIR."""

from pathlib import Path

import pytest
import yaml
from dagster._core.instance import DagsterInstance, InstanceRef

from fraud_platform.local.orchestrator import instance_configuration
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.settings import Settings


def test_the_stack_keeps_runs_and_logs_under_its_data_folder(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path / "elsewhere")
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(instance_configuration(settings)))
    with DagsterInstance.from_ref(InstanceRef.from_dir(str(tmp_path))) as instance:
        assert not instance.telemetry_enabled
        assert instance.get_runs_count() == 0
    assert (tmp_path / "elsewhere" / "dagster" / "history").is_dir()


def test_dagster_dev_in_the_checkout_has_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # As `dagster dev` does without DAGSTER_HOME: a temporary home, the working directory's dagster.yaml.
    reference = InstanceRef.from_dir(str(tmp_path / "home"), config_dir=str(PROJECT_ROOT))
    with DagsterInstance.from_ref(reference) as instance:
        assert instance.get_runs_count() == 0
    assert (tmp_path / "data" / "dagster_dev" / "history").is_dir()
    stack = instance_configuration(Settings(_env_file=None, data_dir=tmp_path / "data"))
    assert stack["storage"]["custom"]["config"]["base_dir"] == str(tmp_path / "data" / "dagster")


def test_postgresql_is_used_where_db_host_is_set(tmp_path: Path) -> None:
    settings = Settings(
        _env_file=None, db_host="db.example", db_user="dagster", db_name="dagster", db_password="not-written-down"
    )
    text = yaml.safe_dump(instance_configuration(settings))
    assert "not-written-down" not in text
    (tmp_path / "dagster.yaml").write_text(text)
    storage = InstanceRef.from_dir(str(tmp_path)).storage_data
    assert storage.class_name == "BatchingPostgresStorage"
    assert storage.config_dict["postgres_db"]["password"] == {"env": "DB_PASSWORD"}
