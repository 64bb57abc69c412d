"""However a model is trained, the running scorer takes it: each way as Dagster's UI asks the webserver for it.

A stack of its own runs everything. Version 1 is trained for one round only, on purpose, and
promoted over the gate's head; it is champion again before each way, so that what that way
trains has something to beat.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import requests

from fraud_platform.core.simulation.days import simulate_day
from fraud_platform.core.simulation.world import World
from fraud_platform.core.time import day_start_ms
from fraud_platform.defs.models.checks import CHECKS
from fraud_platform.errors import ModelError
from fraud_platform.feeding.feed import feed_producer, send
from fraud_platform.feeding.pacing import AsFastAsPossible
from fraud_platform.feeding.schedule import Schedule
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.operations.ledger import scorer_events
from fraud_platform.settings import Settings
from fraud_platform.storage.registry import Registry
from fraud_platform_tests.support.long_tests import long_test
from fraud_platform_tests.support.settings import stack_settings
from fraud_platform_tests.support.stack_cleanup import reaped_stack
from fraud_platform_tests.support.waiting import wait_until

DAYS = 40
FIRST_DAY = date(2026, 4, 18)
LAST_DAY = FIRST_DAY + timedelta(days=DAYS - 1)
ASSETS_JOB, JOB = "__ASSET_JOB", "train_fraud_detection_model"
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
WEAK = {"ops": {"candidate_models": {"config": {"epochs": 1, "references": False}}}}
QUICK = {"ops": {"candidate_models": {"config": {"references": False}}}}
OVERRIDE = {"ops": {"make_champion": {"config": {"version": 1, "reason": "to begin with", "override_gate": True}}}}
pytestmark = pytest.mark.timeout(1800)
TRAINING_SECONDS, REDEPLOY_SECONDS = 600, 600

LAUNCH = """
mutation LaunchPipelineExecution($executionParams: ExecutionParams!) {
  launchPipelineExecution(executionParams: $executionParams) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}"""
BACKFILL = """
mutation LaunchPartitionBackfill($backfillParams: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $backfillParams) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}"""
BACKFILL_STATUS = """
query($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } } }"""
DRY_RUN = """
mutation ScheduleDryRun($selectorData: ScheduleSelector!, $timestamp: Float) {
  scheduleDryRun(selectorData: $selectorData, timestamp: $timestamp) {
    ... on DryRunInstigationTick {
      evaluationResult { runRequests { runKey runConfigYaml tags { key value } } error { message } }
    }
  }
}"""
STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
JOB_ASSETS = """
query($selector: PipelineSelector!) { assetNodes(pipeline: $selector) { assetKey { path } isPartitioned } }"""
SENSOR = """
mutation($selector: SensorSelector!) { startSensor(sensorSelector: $selector) { __typename } }"""
STOP_SENSOR = "mutation($id: String) { stopSensor(id: $id) { __typename } }"
SENSOR_STATE = """
query($selector: SensorSelector!) { sensorOrError(sensorSelector: $selector) { ... on Sensor { id } } }"""


class Ui:
    """The requests that Dagster's pages send."""

    def __init__(self, url: str) -> None:
        self._url = url
        nodes = self.ask("{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } } }")
        node = nodes["repositoriesOrError"]["nodes"][0]
        self.repository = {"repositoryName": node["name"], "repositoryLocationName": node["location"]["name"]}

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        response = requests.post(f"{self._url}/graphql", json={"query": query, "variables": variables}, timeout=120)
        document = response.json()
        assert "errors" not in document, document
        return document["data"]

    def launch(self, job: str, tags: dict[str, str], config: dict | None = None, **selection: Any) -> str:
        """The Materialize button, or the launchpad; returns the run id."""
        params = {
            "mode": "default",
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
            "runConfigData": config or {},
            "selector": {**self.repository, "pipelineName": job, **selection},
        }
        launched = self.ask(LAUNCH, executionParams=params)["launchPipelineExecution"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return launched["run"]["runId"]

    def finish(self, run_id: str) -> None:
        def status() -> str:
            return self.ask(STATUS, id=run_id)["runOrError"]["status"]

        wait_until(lambda: status() in ("SUCCESS", "FAILURE", "CANCELED"), f"run {run_id}", TRAINING_SECONDS)
        assert status() == "SUCCESS"


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    with tempfile.TemporaryDirectory(prefix="fraud-", ignore_cleanup_errors=True) as folder:
        yield stack_settings(
            Path(folder),
            start_date=FIRST_DAY,
            starting_offsets="earliest",
            label_delay_days=4,
            validation_days=6,
            test_days=6,
            alert_budget_per_day=5,
            epochs=30,
            promotion_poll_seconds=0.5,
        )


@pytest.fixture(scope="module")
def ui(settings) -> Iterator[Ui]:
    """A whole stack, in which a first, weak model is the champion and has scored the history."""
    with reaped_stack(settings) as stack:
        stack.up()
        world = World(seed=12, customers=500, merchants=200)
        days = (simulate_day(world, FIRST_DAY + timedelta(days=n)) for n in range(DAYS))
        messages = Schedule(days, day_start_ms(LAST_DAY + timedelta(days=1)))
        send(feed_producer(settings), settings, messages, AsFastAsPossible(), stop=Event())
        pages = Ui(settings.dagster_url)
        tags = {RANGE_START: FIRST_DAY.isoformat(), RANGE_END: LAST_DAY.isoformat()}
        pages.finish(pages.launch(JOB, tags, WEAK))
        pages.finish(pages.launch("promote_model", {}, OVERRIDE))
        wait_until(lambda: in_force(settings) == 1, "version 1 in the scorer", REDEPLOY_SECONDS)
        yield pages


def in_force(settings: Settings) -> int | None:
    """The version that the scorer has taken last."""
    loaded = [event.model_version for event in scorer_events(settings) if event.kind == "model_loaded"]
    return loaded[-1] if loaded else None


def is_taken(settings: Settings, registry: Registry, before: int) -> bool:
    """Whether the scorer has taken a version after `before`; one that is refused fails the test with the reasons."""
    with suppress(ModelError):
        tags = registry.tags(before + 1)
        assert tags.get("gate") != "refused", tags
    return (in_force(settings) or 0) > before


def one_partition(ui: Ui) -> None:
    ui.finish(ui.launch(JOB, {"dagster/partition": LAST_DAY.isoformat()}, QUICK))


def a_range(ui: Ui) -> None:
    tags = {RANGE_START: (LAST_DAY - timedelta(days=2)).isoformat(), RANGE_END: LAST_DAY.isoformat()}
    ui.finish(ui.launch(JOB, tags, QUICK))


def a_backfill(ui: Ui) -> None:
    selector = {**ui.repository, "pipelineName": JOB}
    assets = [node["assetKey"] for node in ui.ask(JOB_ASSETS, selector=selector)["assetNodes"]]
    days = [(LAST_DAY - timedelta(days=n)).isoformat() for n in (1, 0)]
    params = {"assetSelection": assets, "partitionNames": days, "tags": []}
    launched = ui.ask(BACKFILL, backfillParams=params)["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched

    def status() -> str:
        return ui.ask(BACKFILL_STATUS, id=launched["backfillId"])["partitionBackfillOrError"]["status"]

    wait_until(lambda: status() not in ("REQUESTED", "COMPLETING"), "the backfill", TRAINING_SECONDS)
    assert status() == "COMPLETED_SUCCESS"


def the_schedule(ui: Ui) -> None:
    """'Test schedule' for the night after the last day, and 'Launch' of what it asks for."""
    at = day_start_ms(LAST_DAY + timedelta(days=1)) / 1000 + 1800
    selector = {**ui.repository, "scheduleName": "daily_training"}
    result = ui.ask(DRY_RUN, selectorData=selector, timestamp=at)["scheduleDryRun"]["evaluationResult"]
    (request,) = result["runRequests"]
    tags = {tag["key"]: tag["value"] for tag in request["tags"]}
    assert tags["dagster/partition"] == LAST_DAY.isoformat()
    ui.finish(ui.launch(JOB, tags))


def registered_model_alone(ui: Ui) -> None:
    ui.finish(ui.launch(ASSETS_JOB, {}, **registered_model(checks=True)))


def execute_all_later(ui: Ui) -> None:
    """Materialised without its checks while the sensor is off, and 'Execute all' on the page of its checks."""
    selector = {**ui.repository, "sensorName": "registered_model_sensor"}
    ui.ask(STOP_SENSOR, id=ui.ask(SENSOR_STATE, selector=selector)["sensorOrError"]["id"])
    try:
        ui.finish(ui.launch(ASSETS_JOB, {}, **registered_model(checks=False)))
        ui.finish(ui.launch(ASSETS_JOB, {}, **{**registered_model(checks=True), "assetSelection": []}))
    finally:
        ui.ask(SENSOR, selector=selector)


def registered_model(checks: bool) -> dict[str, Any]:
    """The selection of the asset, with its checks or without them."""
    key = {"path": ["registered_model"]}
    return {
        "assetSelection": [key],
        "assetCheckSelection": [{"assetKey": key, "name": name} for name in CHECKS] if checks else [],
    }


WAYS: list[Callable[[Ui], None]] = [one_partition]
LONG_WAYS: list[Callable[[Ui], None]] = [a_range, a_backfill, the_schedule, registered_model_alone, execute_all_later]


@pytest.mark.parametrize(
    "train", [*WAYS, *(pytest.param(way, marks=long_test) for way in LONG_WAYS)], ids=lambda way: way.__name__
)
def test_the_scorer_takes_what_was_trained(ui, settings, train):
    registry = Registry(settings)
    if in_force(settings) != 1:
        ui.finish(ui.launch("rollback_model", {}, rolling_back("the next way begins at version 1")))
    assert in_force(settings) == registry.version(CHAMPION) == 1
    before = max(event.model_version or 0 for event in scorer_events(settings))
    train(ui)
    wait_until(lambda: is_taken(settings, registry, before), "the new version in the scorer", REDEPLOY_SECONDS)
    version = in_force(settings)
    assert registry.version(CHAMPION) == version
    wait_until(lambda: {"gate", "champion_reason"} <= registry.tags(version).keys(), "the tags, written one by one")
    tags = registry.tags(version)
    assert tags["gate"] == "passed" and tags["champion_reason"] == "passed every check of the gate"


def rolling_back(reason: str) -> dict[str, Any]:
    return {"ops": {"restore_champion": {"config": {"version": 1, "reason": reason}}}}
