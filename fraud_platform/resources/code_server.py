"""Starts a code server, once the runs that ended with the former one count as failed.

    python -m fraud_platform.resources.code_server COMMAND …

Runs are child processes of the code server, and only it sees one of them die. When it goes
itself, nothing in Dagster ends its runs: they would stand as started for ever, and take the
places that `max_concurrent_runs` leaves.
"""

import os
import sys

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter
from dagster._core.storage.tags import GRPC_INFO_TAG

_UNDER_WAY = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]


def fail_dead_runs(instance: DagsterInstance) -> list[str]:
    """Fail each run that a code server had under way; returns their ids.

    For the moment before the instance's one code server starts. A run of another process,
    as of `dagster asset materialize`, is left alone.
    """
    dead = [run for run in instance.get_runs(RunsFilter(statuses=_UNDER_WAY)) if GRPC_INFO_TAG in run.tags]
    for run in dead:
        instance.report_run_failed(run, "The code server ended, and the run with it: launch it again.")
    return [run.run_id for run in dead]


def main() -> None:
    with DagsterInstance.get() as instance:
        for run_id in fail_dead_runs(instance):
            print(f"run {run_id} ended with the former code server: it counts as failed", flush=True)
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606  the command is the service description's own


if __name__ == "__main__":
    main()
