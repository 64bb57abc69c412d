"""Who ticks. Of two Dagsters over the same data only one may: the stack's own, where its daemon runs."""

import logging
from copy import copy
from typing import TypeVar

import dagster as dg

from fraud_platform.local.environment import belongs_to_stack
from fraud_platform.local.paths import StackPaths
from fraud_platform.local.supervisor import Supervisor
from fraud_platform.settings import Settings

_LOGGER = logging.getLogger("dagster.fraud_platform")

Automation = TypeVar("Automation")


def ticks_elsewhere(settings: Settings) -> bool:
    """Whether the embedded stack of DATA_DIR runs a Dagster daemon, and this process is none of that stack's.

    So it is in `dagster dev` beside `fraud up`. It is said in one line.
    """
    paths = StackPaths(settings)
    if belongs_to_stack(paths) or "daemon" not in Supervisor(paths).running():
        return False
    _LOGGER.warning(
        "the stack of %s runs a Dagster daemon of its own, so sensors and schedules are off here: "
        "each that is switched on here acts on that stack a second time. 'fraud down' stops the stack",
        paths.data,
    )
    return True


def off(loaded: dg.Definitions) -> dg.Definitions:
    """The same definitions, whose sensors and schedules do not tick until somebody switches them on."""
    return dg.Definitions(
        assets=loaded.assets,
        asset_checks=loaded.asset_checks,
        jobs=loaded.jobs,
        schedules=[_off(schedule) for schedule in loaded.schedules or []],
        sensors=[_off(sensor) for sensor in loaded.sensors or []],
    )


def _off(automation: Automation) -> Automation:
    twin = copy(automation)
    # Dagster's own way to a copy, `with_attributes`, keeps the status that was declared.
    if isinstance(twin, dg.SensorDefinition):
        twin._default_status = dg.DefaultSensorStatus.STOPPED
    elif isinstance(twin, dg.ScheduleDefinition):
        twin._default_status = dg.DefaultScheduleStatus.STOPPED
    return twin
