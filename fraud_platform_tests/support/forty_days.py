"""A small world that is enough to train on: forty days of 500 customers, and the periods that go with them."""

from datetime import date, timedelta

from fraud_platform.core.simulation.days import simulate_day
from fraud_platform.core.simulation.world import World
from fraud_platform.core.time import day_start_ms
from fraud_platform.feeding.messages import Disturbances
from fraud_platform.feeding.schedule import Schedule

WORLD = World(seed=12, customers=500, merchants=200)
FIRST_DAY, DAYS = date(2026, 4, 18), 40
NEXT_DAY = FIRST_DAY + timedelta(days=DAYS)
"""The first day after the forty."""
DISTURBANCES = Disturbances(0.05, 0.02, 0.01, seed=3)
PERIODS = {"label_delay_days": 4, "validation_days": 6, "test_days": 6, "alert_budget_per_day": 5}
"""Settings under which the days are enough."""


def schedule(first: date = FIRST_DAY, days: int = DAYS, disturbances: Disturbances = DISTURBANCES) -> Schedule:
    """Messages of some days of the world; of the forty with late, repeated and malformed ones unless told otherwise."""
    simulated = (simulate_day(WORLD, first + timedelta(days=n)) for n in range(days))
    return Schedule(simulated, day_start_ms(first + timedelta(days=days)), disturbances=disturbances)
