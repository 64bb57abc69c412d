"""Features of all events in one go, as batch and stream have to give them however they cut."""

import numpy as np

from fraud_platform.core.features.entity_events import entity_events_of
from fraud_platform.core.features.event_layout import EventArray
from fraud_platform.core.features.table import KERNEL, LAYOUT
from fraud_platform.core.features.velocity import velocities_among


def velocities_at_once(events: EventArray) -> np.ndarray:
    """VELOCITY_FEATURES (n, F) of EVENT rows in arrival order."""
    return velocities_among(entity_events_of(KERNEL.arrange(LAYOUT.empty, events)))
