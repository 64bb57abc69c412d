"""Features of all events in one go, as batch and stream have to give them however they cut."""

import numpy as np

from fraud_platform.core.features.events import NO_EVENTS, EventArray
from fraud_platform.core.features.kernel import arrange
from fraud_platform.core.features.velocity import velocities_among
from fraud_platform.core.features.visits import customer_visits


def velocities_in_one_go(events: EventArray) -> np.ndarray:
    """VELOCITY_FEATURES (n, F) of EVENT rows in arrival order."""
    return velocities_among(customer_visits(arrange(NO_EVENTS, events)))
