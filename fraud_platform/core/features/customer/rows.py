"""What every family of customer features computes from."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.features.events import EventArray
from fraud_platform.core.features.windows import Int

Columns = dict[str, NDArray[Any]]
"""Feature name → its values for the new events."""


class CustomerRows(NamedTuple):
    """History and new events without duplicates, sorted by customer and arrival."""

    events: EventArray
    own_time_ms: Int
    """Time of the event itself; `events` carries the customer's clock."""
    key: Int
    """See windows.separated_key."""
    clock_ms: Int
    segments: Int
    """Number of the customer among those of the call."""
    new: NDArray[np.intp]
    """Positions of the new events: features are wanted for these."""
