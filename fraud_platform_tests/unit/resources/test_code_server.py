"""What a code server that starts makes of the runs of the former one."""

import json
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.storage.tags import GRPC_INFO_TAG

from fraud_platform.resources.code_server import fail_dead_runs

OF_A_CODE_SERVER = {GRPC_INFO_TAG: json.dumps({"host": "127.0.0.1", "port": 4000})}


@dg.job
def work() -> None:
    pass


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def run(instance: dg.DagsterInstance, status: dg.DagsterRunStatus, tags: dict[str, str]) -> str:
    return instance.create_run_for_job(work, status=status, tags=tags).run_id


def status_of(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    found = instance.get_run_by_id(run_id)
    assert found
    return found.status


@pytest.mark.parametrize("status", ["STARTING", "STARTED", "CANCELING"])
def test_a_run_that_was_under_way_counts_as_failed(instance: dg.DagsterInstance, status: str) -> None:
    dead = run(instance, dg.DagsterRunStatus[status], OF_A_CODE_SERVER)
    assert fail_dead_runs(instance) == [dead]
    assert status_of(instance, dead) == dg.DagsterRunStatus.FAILURE
    assert fail_dead_runs(instance) == []


@pytest.mark.parametrize("status", ["NOT_STARTED", "SUCCESS", "FAILURE", "CANCELED"])
def test_a_run_that_has_not_started_or_has_ended_stays_as_it_is(instance: dg.DagsterInstance, status: str) -> None:
    other = run(instance, dg.DagsterRunStatus[status], OF_A_CODE_SERVER)
    assert fail_dead_runs(instance) == []
    assert status_of(instance, other) == dg.DagsterRunStatus[status]


def test_a_run_of_another_process_is_left_alone(instance: dg.DagsterInstance) -> None:
    by_hand = run(instance, dg.DagsterRunStatus.STARTED, {})
    assert fail_dead_runs(instance) == []
    assert status_of(instance, by_hand) == dg.DagsterRunStatus.STARTED
