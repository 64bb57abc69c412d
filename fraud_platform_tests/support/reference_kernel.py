"""The customer features as plain loops, one event at a time: slow and obvious, to hold the kernel against."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fraud_platform.core.features.declaration import WINDOWS_MS
from fraud_platform_tests.support.simulated_world import CUSTOMER_FEATURES

HISTORY_MS = WINDOWS_MS["30d"]


@dataclass
class Customer:
    """Kept events in arrival order, each with its clock."""

    events: list[tuple[int, Any]] = field(default_factory=list)


def reference_features(events: Any) -> tuple[np.ndarray, np.ndarray]:
    """Values (n, F) and duplicate flags (n,) of EVENT rows in arrival order."""
    customers: dict[int, Customer] = {}
    values = np.zeros((len(events), len(CUSTOMER_FEATURES)))
    duplicate = np.zeros(len(events), bool)
    for i, event in enumerate(events):
        customer = customers.setdefault(int(event["_key"]), Customer())
        clock = max([int(event["_time_ms"]), *(c for c, _ in customer.events[-1:])])
        past = [(c, e) for c, e in customer.events if c > clock - HISTORY_MS]
        if any(e["_transaction"] == event["_transaction"] for _, e in past):
            duplicate[i] = True
            continue
        columns = _features(event, clock, past)
        values[i] = [columns[f.name] for f in CUSTOMER_FEATURES]
        customer.events.append((clock, event))
    return values, duplicate


def _features(event: Any, clock: int, past: list[tuple[int, Any]]) -> dict[str, float]:
    cents = int(event["amount"])
    hour = int(event["_time_ms"]) // 3_600_000 % 24
    weekday = (int(event["_time_ms"]) // 86_400_000 + 3) % 7
    columns: dict[str, float] = {
        "amount": cents / 100,
        "hour": hour,
        "weekday": weekday,
        "is_weekend": weekday in (5, 6),
        "is_night": hour <= 6,
        "seconds_since_previous": (clock - past[-1][0]) / 1000 if past else -1.0,
    }
    window = {w: [e for c, e in past if c > clock - ms] + [event] for w, ms in WINDOWS_MS.items()}
    for name, rows in window.items():
        amounts = [int(e["amount"]) for e in rows]
        columns[f"count_{name}"] = len(rows)
        columns[f"sum_{name}"] = sum(amounts) / 100
        columns[f"mean_{name}"] = sum(amounts) / 100 / len(rows)
        columns[f"max_{name}"] = max(amounts) / 100
    columns["small_count_1h"] = sum(int(e["amount"]) <= 500 for e in window["1h"])
    columns |= _against([int(e["amount"]) for _, e in past], cents)
    for name in ("merchant_id", "country", "device_id", "channel"):
        seen = any(e[name] == event[name] for _, e in past)
        columns[f"is_new_{name.removesuffix('_id')}"] = not seen and event[name] != 0
    columns["merchants_1d"] = len({int(e["merchant_id"]) for e in window["1d"]} - {0})
    columns["countries_1d"] = len({int(e["country"]) for e in window["1d"]} - {0})
    return columns | _travel(event, clock, past)


def _against(past_cents: list[int], cents: int) -> dict[str, float]:
    if not past_cents:
        return {"amount_to_mean_30d": 1.0, "amount_zscore_30d": 0.0}
    n = len(past_cents)
    mean = sum(past_cents) / n
    high, low = (sum(part) for part in zip(*(divmod(c * c, 2**32) for c in past_cents), strict=True))
    variance = (high * 2.0**32 + low) / n - mean * mean
    deviation = math.sqrt(max(variance, 0.0))
    return {
        "amount_to_mean_30d": cents / mean if mean > 0 else 1.0,
        "amount_zscore_30d": (cents - mean) / max(deviation, 100.0),
    }


def _travel(event: Any, clock: int, past: list[tuple[int, Any]]) -> dict[str, float]:
    places = [(c, e) for c, e in past if not (math.isnan(e["latitude"]) or math.isnan(e["longitude"]))]
    if not places or math.isnan(event["latitude"]) or math.isnan(event["longitude"]):
        return {"distance_km": -1.0, "speed_kmh": -1.0}
    before, origin = places[-1]
    lat, lon, lat0, lon0 = (
        np.radians(np.float64(x))
        for x in (event["latitude"], event["longitude"], origin["latitude"], origin["longitude"])
    )
    h = np.sin((lat - lat0) / 2) ** 2 + np.cos(lat) * np.cos(lat0) * np.sin((lon - lon0) / 2) ** 2
    km = float(2 * 6371.0088 * np.arcsin(np.sqrt(np.minimum(h, 1.0))))
    return {"distance_km": km, "speed_kmh": km * 3600 / max((clock - before) / 1000, 60.0)}
