"""Event rows for hypothesis to draw: few customers, ties, gaps as long as the windows, late events."""

import numpy as np
from hypothesis import strategies as st

from fraud_platform.core.time import DAY_MS
from fraud_platform_tests.support.simulated_world import LAYOUT

START_MS = 1_709_164_800_000  # 2024-02-29, a leap day
gaps_ms = st.sampled_from([0, 1, 999, 60_000, 3_600_000, 3_600_001, DAY_MS, 7 * DAY_MS, 30 * DAY_MS, 31 * DAY_MS])
event = st.tuples(
    st.integers(1, 3),  # customer
    st.integers(1, 12),  # transaction
    st.integers(0, 3),  # merchant
    st.integers(0, 2),  # device
    gaps_ms,
    st.sampled_from([0, 0, 0, 1, 3_600_000, 3 * DAY_MS]),  # lateness
    st.sampled_from([0, 1, 499, 500, 501, 9_999, 1_000_000_000]),  # cents
    st.sampled_from([float("nan"), 48.85, -33.9, 90.0]),
    st.sampled_from([float("nan"), 2.35, 151.2, -180.0]),
    st.integers(0, 2),  # country
    st.integers(0, 4),  # channel
)


def build(rows: list[tuple]) -> np.ndarray:
    events = np.zeros(len(rows), LAYOUT.dtype)
    now = START_MS
    for i, (customer, transaction, merchant, device, gap, late, cents, lat, lon, country, channel) in enumerate(rows):
        now += gap
        events[i] = (customer, transaction, now - late, now, merchant, cents, device, channel, country, lat, lon)
    return events
