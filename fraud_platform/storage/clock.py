"""The wall clock, which core never asks, and how a moment is told to people."""

import time
from datetime import UTC, datetime


def now_ms() -> int:
    """Milliseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000


def as_text(time_ms: int) -> str:
    """The second, in UTC; the bare number for a time that no calendar has, as a message may claim."""
    try:
        return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return f"{time_ms} ms"
