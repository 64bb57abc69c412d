"""Features of all events in one go, as batch and stream have to give them however they cut."""

import numpy as np

from fraud_platform.core.features.entity_events import entity_events_of
from fraud_platform.core.features.event_layout import EventArray
from fraud_platform.core.features.velocity import velocities_among
from fraud_platform_tests.support.simulated_world import KERNEL, LAYOUT, PLAN


def velocities_at_once(events: EventArray) -> np.ndarray:
    """VELOCITY_FEATURES (n, F) of EVENT rows in arrival order."""
    return velocities_among(PLAN, entity_events_of(PLAN, KERNEL.arrange(LAYOUT.empty, events)))
