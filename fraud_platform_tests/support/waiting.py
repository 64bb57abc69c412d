"""Waiting for a condition, with a deadline instead of a sleep."""

import time
from collections.abc import Callable

POLL_SECONDS = 0.1


def wait_until(condition: Callable[[], object], what: str, seconds: float = 480) -> None:
    """Return once the condition holds; fails the test, naming what was waited for, after the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(POLL_SECONDS)
