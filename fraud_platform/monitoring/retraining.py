"""When drift asks for a training: once its days have matured, and once for each breach. Pure."""

from collections.abc import Iterable
from datetime import date, timedelta

from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.settings import Settings

COOLDOWN_DAYS = 7
"""Between two requests, however much drifts meanwhile."""


def days_to_wait(settings: Settings) -> int:
    """From a drift to the first training that holds RETRAIN_ON_DRIFT_DAYS of its days, and tests on later ones.

    A training leaves a label delay before validation, before test and behind it, see `time_split`.
    """
    kept = settings.validation_days + settings.test_days + 3 * settings.label_delay_days
    return settings.retrain_on_drift_days + kept


def drift_days(events: Iterable[ScorerEvent]) -> list[date]:
    """Days on which something began to drift, by the ledger, in order."""
    days = {date.fromisoformat(event.day) for event in events if event.kind == "drift_detected" and event.day}
    return sorted(days)


def drift_to_answer(days: Iterable[date], wait_days: int, today: date, last_request: date | None) -> date | None:
    """The newest drift that a training would know by now and none was asked for; None where there is none.

    A training answers all drifts that it knows, so several that mature together are one request.
    """
    wait = timedelta(days=wait_days)
    matured = [day for day in days if day + wait <= today]
    if not matured or (last_request is not None and today < last_request + timedelta(days=COOLDOWN_DAYS)):
        return None
    newest = max(matured)
    is_answered = last_request is not None and newest + wait <= last_request
    return None if is_answered else newest
