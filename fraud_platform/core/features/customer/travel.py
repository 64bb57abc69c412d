"""Distance and implied speed from the customer's last known place within the history window."""

import numpy as np

from fraud_platform.core.features.customer.rows import Columns, CustomerRows
from fraud_platform.core.features.windows import HISTORY_MS

EARTH_RADIUS_KM = 6371.0088
"""Mean radius, IUGG 1980."""
SHORTEST_TRIP_SECONDS = 60.0
"""Floor of the time between two places: clocks of terminals differ by about as much."""


def columns(rows: CustomerRows) -> Columns:
    latitude = np.radians(rows.events["latitude"].astype(np.float64))
    longitude = np.radians(rows.events["longitude"].astype(np.float64))
    known = ~(np.isnan(latitude) | np.isnan(longitude))
    last_known = np.maximum.accumulate(np.where(known, np.arange(len(known)), -1))
    new = rows.new
    origin = np.where(new > 0, last_known[new - 1], -1)
    elapsed_ms = rows.clock_ms[new] - rows.clock_ms[origin]
    valid = known[new] & (origin >= 0) & (rows.segments[origin] == rows.segments[new]) & (elapsed_ms < HISTORY_MS)
    new, origin, elapsed_ms = new[valid], origin[valid], elapsed_ms[valid]
    haversine = (
        np.sin((latitude[new] - latitude[origin]) / 2) ** 2
        + np.cos(latitude[new]) * np.cos(latitude[origin]) * np.sin((longitude[new] - longitude[origin]) / 2) ** 2
    )
    km = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(haversine, 1.0)))
    distance, speed = np.full(len(valid), -1.0), np.full(len(valid), -1.0)
    distance[valid] = km
    speed[valid] = km * 3600 / np.maximum(elapsed_ms / 1000, SHORTEST_TRIP_SECONDS)
    return {"distance_km": distance, "speed_kmh": speed}
