"""The sensor that asks for a training after drift."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from fraud_platform.defs.monitoring import sensors
from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.resources.platform import PlatformResource

TODAY = datetime.now(UTC).date()
PERIODS = {"label_delay_days": "1", "validation_days": "2", "test_days": "2"}


@pytest.fixture
def drifted(monkeypatch):
    """Sets on which day before today the ledger tells of drift."""

    def tell(days_ago: int) -> None:
        day = TODAY - timedelta(days=days_ago)
        event = ScorerEvent(kind="drift_detected", scorer_id="feature_drift", at_ms=0, day=day.isoformat())
        monkeypatch.setattr(sensors, "scorer_events", lambda settings: [event])

    return tell


def tick(after: int, cursor: str | None = None):
    platform = PlatformResource(overrides={"retrain_on_drift_days": str(after), **PERIODS})
    return sensors.retraining_sensor(dg.build_sensor_context(cursor=cursor), platform=platform)


def test_it_is_off_by_default(drifted):
    drifted(100)
    assert "RETRAIN_ON_DRIFT_DAYS is 0" in tick(0).skip_message


def test_it_asks_once_the_days_have_matured_and_only_once(drifted):
    drifted(10 + 2 + 2 + 3)
    answer = tick(10)
    (request,) = answer.run_requests
    assert request.partition_key == (TODAY - timedelta(days=1)).isoformat() and answer.cursor == TODAY.isoformat()
    assert isinstance(tick(10, answer.cursor), dg.SkipReason)


def test_it_waits_for_them(drifted):
    drifted(10 + 2 + 2 + 2)
    assert isinstance(tick(10), dg.SkipReason)
