"""Beside a stack that ticks, this process does not; the stack's own processes, and a Dagster alone, do."""

import logging
from pathlib import Path

import dagster as dg
import pytest

from fraud_platform.definitions import definitions
from fraud_platform.local.environment import MARKER, environment
from fraud_platform.local.paths import StackPaths
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.settings import Settings
from fraud_platform_tests.support import fake_stack
from fraud_platform_tests.support.settings import stack_settings
from fraud_platform_tests.support.stack_cleanup import reaped_stack

SENSORS = {"registered_model_sensor", "rollout_sensor", "deployment_sensor", "alert_rate_sensor", "drift_sensor"}


@pytest.fixture
def settings(tmp_path: Path):
    made = stack_settings(tmp_path)
    with reaped_stack(made):
        yield made


def running(settings: Settings) -> set[str]:
    """Names of the sensors and schedules that tick in a Dagster that loads the definitions now."""
    loaded = definitions(PlatformResource(overrides={k: v for k, v in environment(settings).items() if v}))
    on = (dg.DefaultSensorStatus.RUNNING, dg.DefaultScheduleStatus.RUNNING)
    return {each.name for each in [*loaded.sensors, *loaded.schedules] if each.default_status in on}


def test_a_dagster_alone_ticks(settings: Settings) -> None:
    assert running(settings) >= SENSORS


def test_beside_the_stacks_daemon_nothing_ticks_and_one_line_says_why(settings: Settings, caplog) -> None:
    fake_stack.start(settings, "kafka", "daemon")
    with caplog.at_level(logging.WARNING, "dagster.fraud_platform"):
        assert running(settings) == set()
    (line,) = caplog.messages
    assert line.startswith(f"the stack of {StackPaths(settings).data} runs a Dagster daemon of its own")


def test_beside_a_stack_without_a_daemon_it_ticks(settings: Settings) -> None:
    fake_stack.start(settings, "kafka", "scorer")
    assert running(settings) >= SENSORS


def test_the_stacks_own_processes_tick(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_stack.start(settings, "daemon")
    monkeypatch.setenv(MARKER, str(StackPaths(settings).run))
    assert running(settings) >= SENSORS
