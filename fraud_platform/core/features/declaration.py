"""What declaring a feature takes, and the windows that features share."""

from dataclasses import dataclass

DAY_MS = 24 * 3600 * 1000
HOUR_MS = 3600 * 1000
HISTORY_DAYS = 30
"""Longest customer window; the scorer's state and the batch look-back hold this much."""

WINDOWS_MS = {"1h": HOUR_MS, "1d": DAY_MS, "7d": 7 * DAY_MS, "30d": HISTORY_DAYS * DAY_MS}


@dataclass(frozen=True)
class Feature:
    """One declared feature. All values are float64 and finite; `default` stands where nothing is known."""

    name: str
    entity: str
    window: str
    unit: str
    meaning: str
    default: float = 0.0


def of_customer(name: str, window: str, unit: str, meaning: str, default: float = 0.0) -> Feature:
    """A feature of the customer, computed by the family (table.FAMILIES) that declares it."""
    return Feature(name, "customer", window, unit, meaning, default)
