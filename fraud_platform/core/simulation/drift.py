"""How the world changes with the date, slowly enough that only a model in service for weeks notices."""

import math
from datetime import date

_ORIGIN = date(2026, 1, 1)
_YEAR_DAYS = 365.25


def _wave(day: date, period_days: float, phase: float = 0.0) -> float:
    return math.sin(2 * math.pi * ((day - _ORIGIN).days / period_days + phase))


def volume(day: date) -> float:
    """Factor on the number of purchases: weekly rhythm and season."""
    weekday = (0.93, 0.93, 0.96, 1.0, 1.12, 1.16, 0.90)[day.weekday()]
    return weekday * (1 + 0.05 * _wave(day, _YEAR_DAYS, 0.8))


def log_amount(day: date) -> float:
    """Added to the logarithm of every ordinary amount: 3 % inflation a year, and season."""
    return 0.03 * (day - _ORIGIN).days / _YEAR_DAYS + 0.04 * _wave(day, _YEAR_DAYS, 0.7)


def online_odds(day: date) -> float:
    """Factor on the odds that a purchase is made online."""
    return 1 + 0.25 * _wave(day, 240)


def behaviour_share(day: date, position: int, behaviours: int) -> float:
    """Factor on how common one fraud behaviour is; fashions pass from one to the next."""
    return 1 + 0.35 * _wave(day, 150, position / behaviours)
