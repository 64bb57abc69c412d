"""A run over 300 days, launched through a real webserver as the product's own client does."""

import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from fraud_platform.cli.demo.dagster_runs import DagsterClient
from fraud_platform.defs.schedules import RANGE_END, RANGE_START
from fraud_platform.errors import FraudPlatformError
from fraud_platform.settings import Settings
from fraud_platform_tests.support.long_tests import long_test
from fraud_platform_tests.support.settings import stack_settings
from fraud_platform_tests.support.stack_cleanup import reaped_stack
from fraud_platform_tests.support.waiting import wait_until

pytestmark = long_test

FIRST_DAY, DAYS = date(2025, 1, 1), 300
LAST_DAY = FIRST_DAY + timedelta(days=DAYS - 1)
STARTS_WITHIN_SECONDS = 60
STARTED = "query($id: ID!) { runOrError(runId: $id) { ... on Run { startTime } } }"
EVENTS = """query($id: ID!, $after: String) { runOrError(runId: $id) { ... on Run {
  eventConnection(afterCursor: $after) { hasMore cursor events {
    __typename
    ... on AssetMaterializationPlannedEvent { assetKey { path } }
    ... on ExecutionStepFailureEvent { error { causes { message } } }
  } }
} } }"""
TERMINATE = (
    "mutation($id: String!) { terminateRun(runId: $id, terminatePolicy: MARK_AS_CANCELED_IMMEDIATELY) { __typename } }"
)


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """Dagster alone: the run is not meant to come far."""
    with tempfile.TemporaryDirectory(prefix="fraud-", ignore_cleanup_errors=True) as folder:
        made = stack_settings(Path(folder), start_date=FIRST_DAY)
        with reaped_stack(made) as stack:
            stack.up(services=["daemon"])
            yield made


def events(dagster: DagsterClient, run: str) -> Iterator[dict]:
    """All events of a run, which the webserver gives in pages."""
    page = {"hasMore": True, "cursor": None}
    while page["hasMore"]:
        page = dagster.query(EVENTS, id=run, after=page["cursor"])["runOrError"]["eventConnection"]
        yield from page["events"]


def seconds_to_start(dagster: DagsterClient, last_day: date) -> tuple[str, float]:
    """A run from the first day to the last, and how long after its launch it had started."""
    launched = time.monotonic()
    days = {RANGE_START: FIRST_DAY.isoformat(), RANGE_END: last_day.isoformat()}
    run = dagster.launch("train_fraud_detection_model", days)
    wait_until(lambda: dagster.query(STARTED, id=run)["runOrError"]["startTime"], "the start of the run")
    return run, time.monotonic() - launched


def test_it_starts_about_as_soon_as_a_run_over_one_day_with_every_day_planned(settings):
    """Most of it is the start of the run's own process, which a busy machine delays for one day as for many."""
    dagster = DagsterClient(settings.dagster_url)
    _, of_one_day = seconds_to_start(dagster, FIRST_DAY)
    run, of_all_days = seconds_to_start(dagster, LAST_DAY)
    planned = [e["assetKey"]["path"] for e in events(dagster, run) if e["__typename"].endswith("PlannedEvent")]
    dagster.query(TERMINATE, id=run)
    assert planned.count(["raw_transactions"]) == planned.count(["transaction_features"]) == DAYS
    assert of_all_days < max(STARTS_WITHIN_SECONDS, 3 * of_one_day), f"{of_all_days:.0f} s, one day {of_one_day:.0f} s"


def test_a_range_from_before_the_first_day_fails_with_the_setting(settings):
    dagster = DagsterClient(settings.dagster_url)
    before = FIRST_DAY - timedelta(days=1)
    run = dagster.launch("refresh_merchant_risk", {RANGE_START: before.isoformat(), RANGE_END: FIRST_DAY.isoformat()})
    with pytest.raises(FraudPlatformError, match="ended with FAILURE"):
        dagster.follow(run, lambda running, done: None)
    causes = [e["error"]["causes"][0]["message"] for e in events(dagster, run) if e.get("error")]
    assert any(f"{before} lies before START_DATE={FIRST_DAY}" in message for message in causes), causes
