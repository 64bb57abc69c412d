"""What the demo does: which days of which world, at what pace, and how the two trainings differ."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from fraud_platform.core.day_range import days_between
from fraud_platform.core.simulation.chargebacks import MAX_REPORT_DELAY_DAYS
from fraud_platform.core.simulation.world import World
from fraud_platform.feeding.messages import Disturbances
from fraud_platform.settings import Settings


@dataclass(frozen=True)
class Plan:
    """The demo replays a past period, so that every chargeback of it has a time that has already come."""

    world: World
    first_day: date
    live_from: date
    today: date
    messages_per_second: float = 220
    live_seconds_after_promotion: float = 10

    @property
    def history_days(self) -> int:
        return (self.live_from - self.first_day).days

    @property
    def disturbances(self) -> Disturbances:
        """A feed as it is in life: some events late, sent twice, or malformed."""
        return Disturbances(late=0.02, duplicates=0.005, malformed=0.0005, seed=self.world.seed)


def demo_plan(settings: Settings, today: date, history_days: int = 60) -> Plan:
    """Days of history that end early enough for a week of live days and their chargebacks.

    Raises UnknownDayError where the history would begin before START_DATE.
    """
    live_from = today - timedelta(days=MAX_REPORT_DELAY_DAYS + 8)
    first_day = live_from - timedelta(days=history_days)
    days_between(str(first_day), str(today), settings.start_date, today)
    return Plan(World(settings.seed, customers=3900), first_day, live_from, today)


FIRST_TRAINING: dict[str, Any] = {"epochs": 60, "learning_rate": 0.1}
SECOND_TRAINING: dict[str, Any] = {"epochs": 200, "learning_rate": 0.1, "references": False}
"""Configuration of candidate_models. The first should rank no worse than its references, and the second should beat it
by more than the days of the test rows vary; what the gate refuses, the demo promotes by hand, and says so."""
