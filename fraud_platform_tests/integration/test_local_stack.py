"""The embedded stack, on free ports and in temporary folders: what it starts, restarts and leaves behind."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from fraud_platform.errors import ConfigurationError, ServiceUnavailableError
from fraud_platform.local import probes
from fraud_platform.local.environment import environment
from fraud_platform.local.paths import StackPaths
from fraud_platform.local.processes import port_is_free, stack_processes
from fraud_platform.local.stack import ServiceStatus, Stack
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import admin_client
from fraud_platform_tests.support.ports import free_ports
from fraud_platform_tests.support.settings import stack_settings
from fraud_platform_tests.support.stack_cleanup import reaped_stack
from fraud_platform_tests.support.waiting import wait_until


@pytest.fixture
def settings() -> Iterator[Settings]:
    """Settings of a stack of the test's own, which is stopped whatever the test does."""
    with tempfile.TemporaryDirectory(prefix="fraud-", ignore_cleanup_errors=True) as folder:
        settings = stack_settings(Path(folder))
        with reaped_stack(settings):
            yield settings


def row(settings: Settings, name: str) -> ServiceStatus:
    return next(row for row in Stack(settings).status() if row.name == name)


def running(settings: Settings) -> dict[int, str]:
    return stack_processes(StackPaths(settings))


def test_up_serves_topics_and_down_leaves_nothing(settings: Settings) -> None:
    seen: list[tuple[str, str]] = []
    Stack(settings).up(services=["kafka"], progress=lambda name, state: seen.append((name, state)))
    assert seen == [("kafka", "starting"), ("kafka", "ready")]
    assert set(settings.topics) <= set(admin_client(settings).list_topics(timeout=10).topics)
    assert row(settings, "kafka").state == "ready"
    assert row(settings, "mlflow").state == "stopped"

    assert Stack(settings).down() == 0
    assert running(settings) == {}
    assert row(settings, "kafka").state == "stopped"
    assert port_is_free(row(settings, "kafka").port or 0)


def test_mlflow_serves_artifacts_through_its_own_address(
    mlflow_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    (tmp_path / "note.txt").write_text("kept")
    client = mlflow.MlflowClient(tracking_uri=mlflow_server)
    experiment = client.create_experiment("stack")
    assert client.get_experiment(experiment).artifact_location.startswith("mlflow-artifacts:/")
    run_id = client.create_run(experiment).info.run_id
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server)
    client.log_artifact(run_id, str(tmp_path / "note.txt"))
    (tmp_path / "back").mkdir()
    back = client.download_artifacts(run_id, "note.txt", str(tmp_path / "back"))
    assert Path(back).read_text() == "kept"


def test_a_killed_service_is_restarted_and_keeps_its_topics(settings: Settings) -> None:
    Stack(settings).up(services=["kafka"])
    first = row(settings, "kafka").pid
    assert first
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: row(settings, "kafka").pid not in (None, first), "a new broker process")
    wait_until(lambda: row(settings, "kafka").state == "ready", "the broker's answer")
    assert set(settings.topics) <= set(admin_client(settings).list_topics(timeout=10).topics)


def test_up_again_leaves_what_runs_alone_whatever_the_settings_are_now(settings: Settings) -> None:
    Stack(settings).up(services=["kafka"])
    first = row(settings, "kafka").pid
    now = with_other_settings(settings)
    for up in (Stack(settings), Stack(now)):
        up.up(services=["kafka"])
        assert row(settings, "kafka").pid == first
    assert row(now, "kafka") == row(settings, "kafka"), "status asks where the broker really listens"
    assert [difference.setting for difference in Stack(now).differences()] == ["EPOCHS", "MLFLOW_TRACKING_URI"]
    assert Stack(settings).differences() == []


def test_what_is_missing_is_started_with_the_settings_of_what_runs(settings: Settings) -> None:
    Stack(settings).up(services=["kafka"])
    first = row(settings, "kafka").pid
    Stack(with_other_settings(settings)).up(services=["mlflow"])
    assert (row(settings, "kafka").pid, row(settings, "mlflow").state) == (first, "ready")
    assert probes.mlflow_answers(settings)


def test_a_restart_applies_the_settings_of_now_to_everything_that_ran(settings: Settings) -> None:
    Stack(settings).up(services=["kafka", "mlflow"])
    first = row(settings, "kafka").pid
    now = with_other_settings(settings)
    Stack(now).up(services=["kafka"], restart=True)
    assert row(now, "kafka").pid not in (None, first)
    assert Stack(now).differences() == []
    assert row(now, "mlflow").state == "ready" and probes.mlflow_answers(now)


def test_an_interrupted_up_stops_only_what_it_was_starting(settings: Settings) -> None:
    Stack(settings).up(services=["kafka"])
    first = row(settings, "kafka").pid
    command = [sys.executable, "-m", "fraud_platform.cli", "up", "mlflow"]
    environ = {**os.environ, **environment(settings)}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        wait_until(lambda: "mlflow" in running(settings).values(), "MLflow to be starting")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 130 and "what ran before runs on" in output
    assert (row(settings, "kafka").pid, row(settings, "mlflow").state) == (first, "stopped")


def test_the_command_says_which_settings_differ_and_no_secret(settings: Settings) -> None:
    Stack(settings.model_copy(update={"starting_offsets": "earliest"})).up(services=["kafka"])
    login = {"DB_HOST": "db", "DB_USER": "u", "DB_NAME": "d", "DB_PASSWORD": "s3cret"}
    environ = {**os.environ, **environment(settings), **login, "COLUMNS": "500"}
    for command in (["up", "kafka"], ["status"]):
        said = subprocess.check_output([sys.executable, "-m", "fraud_platform.cli", *command], env=environ, text=True)
        assert "STARTING_OFFSETS (earliest; here: lake)" in said
        assert "DB_PASSWORD" in said and "fraud up --restart" in said and "s3cret" not in said


def with_other_settings(settings: Settings) -> Settings:
    """What another shell has: another address of MLflow, and another setting that no service's address rests on."""
    (port,) = free_ports(1)
    changes = {"epochs": settings.epochs + 1, "mlflow_tracking_uri": f"http://127.0.0.1:{port}"}
    return settings.model_copy(update=changes)


def test_orphans_of_a_killed_supervisor_are_shown_and_ended(settings: Settings) -> None:
    Stack(settings).up(services=["kafka"])
    supervisor = psutil.Process(int((StackPaths(settings).run / "supervisord.pid").read_text()))
    supervisor.kill()
    supervisor.wait(timeout=30)
    assert row(settings, "kafka").state == "orphaned"
    assert Stack(settings).orphans() == {"kafka": row(settings, "kafka").pid}

    assert Stack(settings).down() == 1
    assert running(settings) == {}
    assert row(settings, "kafka").state == "stopped"


def test_up_starts_anew_all_that_a_killed_supervisor_left(settings: Settings) -> None:
    Stack(settings).up(services=["kafka"])
    first = row(settings, "kafka").pid
    supervisor = psutil.Process(int((StackPaths(settings).run / "supervisord.pid").read_text()))
    supervisor.kill()
    supervisor.wait(timeout=30)
    Stack(settings).up(services=["mlflow"])
    assert row(settings, "kafka").state == row(settings, "mlflow").state == "ready"
    assert row(settings, "kafka").pid != first


def test_a_taken_port_is_named_with_service_owner_and_setting(settings: Settings) -> None:
    port = row(settings, "kafka").port
    with socket.create_server(("127.0.0.1", port)), pytest.raises(ServiceUnavailableError) as error:
        Stack(settings).up(services=["kafka"])
    assert f"port {port} of kafka is taken by pid {os.getpid()}" in str(error.value)
    assert "KAFKA_BROKER" in str(error.value)
    assert running(settings) == {}


def test_a_service_that_ends_at_its_start_is_shown_with_its_last_words(settings: Settings) -> None:
    folder = StackPaths(settings).kafka / "log"
    folder.mkdir(parents=True)
    (folder / "meta.properties").write_text("version=1\nnode.id=7\ncluster.id=MkU3OEVBNTcwNTJENDM2Qk\n")
    with pytest.raises(ServiceUnavailableError, match=r"(?s)kafka ended at its start.*kafka\.log:.*node"):
        Stack(settings).up(services=["kafka"])
    assert running(settings) == {}


def test_an_unknown_service_is_refused_with_the_known_ones(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match=r"unknown service 'kafak': choose from kafka, mlflow"):
        Stack(settings).up(services=["kafak"])


@pytest.mark.parametrize("moment", ["starting", "ready"])
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_up_in_the_foreground_leaves_nothing(
    settings: Settings, moment: str, signum: signal.Signals
) -> None:
    output = settings.data_dir.parent / "output"
    command = [sys.executable, "-m", "fraud_platform.cli", "up", "kafka", "--foreground"]
    environ = {**os.environ, **environment(settings)}
    reached = {
        "starting": lambda: "kafka" in running(settings).values(),
        "ready": lambda: "Ctrl-C" in output.read_text(),
    }
    with output.open("w") as out, subprocess.Popen(command, env=environ, stdout=out, stderr=out) as process:
        wait_until(lambda: reached[moment]() or process.poll() is not None, f"the stack to be {moment}")
        process.send_signal(signum)
        assert process.wait(timeout=120) == 130, output.read_text()
    assert running(settings) == {}


def test_a_stack_of_a_killed_test_run_is_ended(settings: Settings) -> None:
    run = (
        "from fraud_platform.settings import load_settings\n"
        "from fraud_platform_tests.support.stack_cleanup import reaped_stack\n"
        "with reaped_stack(load_settings()) as stack:\n"
        "    stack.up(services=['kafka'])\n"
        "    import os, signal\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    result = subprocess.run([sys.executable, "-c", run], env={**os.environ, **environment(settings)}, check=False)
    assert result.returncode == -signal.SIGKILL, "the stack was up"
    wait_until(lambda: running(settings) == {}, "the end of the stack")
