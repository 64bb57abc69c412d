"""dagster-mlflow's tracking, opened by the step that logs and closed with it.

As a plain resource it would start its MLflow run with the Dagster run: before any data is
read, and left running where an earlier step fails. Importing MLflow takes seconds and its
server may be away, so the other steps do without either.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import dagster as dg

from fraud_platform.operations.aliases import CHALLENGER

OpenTracking = Callable[[], AbstractContextManager[Any]]


@dg.resource(required_resource_keys={"platform"})
def mlflow(context: dg.InitResourceContext) -> OpenTracking:
    """Opens the MLflow run that belongs to the Dagster run, see `tracked_run`."""
    return partial(tracked_run, context)


@contextmanager
def tracked_run(context: dg.InitResourceContext) -> Iterator[Any]:
    """MLflow's API with an active run, tagged with the Dagster run's id; the experiment is named after the model.

    The run ends with the block, as FAILED where an exception leaves it. Raises
    ServiceUnavailableError where MLflow does not answer.
    """
    settings = context.resources.platform.settings
    # Asked first, because it says in one line what dagster-mlflow would say after minutes of retries.
    context.resources.platform.registry.version(CHALLENGER)
    config = {"experiment_name": settings.model_name, "mlflow_tracking_uri": settings.mlflow_tracking_uri}
    tracking = _start(context, config)
    try:
        yield tracking
    except BaseException:
        tracking.end_run("FAILED")
        raise
    tracking.end_run()


def _start(context: dg.InitResourceContext, config: dict[str, str]) -> Any:
    with warnings.catch_warnings():
        # All of dagster-mlflow is beta, and it reads a deprecated property of the context; its release is pinned.
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        from dagster_mlflow import mlflow_tracking

        return next(mlflow_tracking.resource_fn(context.replace_config(config)))  # type: ignore[call-arg]
