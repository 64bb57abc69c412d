"""Models that take turns while the scorer runs, and what a change costs: latency just after it, and just before."""

import threading
from itertools import cycle
from statistics import median
from typing import Any

import numpy as np

from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.operations.ledger import scorer_events
from fraud_platform.settings import Settings
from fraud_platform.storage.registry import Registry

WINDOW_MS = 3_000


class Swaps(threading.Thread):
    """Makes one version after the other the champion, and begins anew."""

    def __init__(self, settings: Settings, versions: list[int], seconds: float) -> None:
        """seconds: between two changes."""
        super().__init__(daemon=True)
        self._registry, self._versions, self._seconds = Registry(settings), cycle(versions), seconds
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(self._seconds):
            self._registry.set_alias(CHAMPION, next(self._versions))

    def stop(self) -> None:
        self._ended.set()
        self.join()


def swap_latency(settings: Settings, seen_ms: list[float], latencies_ms: list[float]) -> dict[str, Any]:
    """Slowest prediction in the WINDOW_MS before and after each change, in milliseconds, and their ratio.

    seen_ms: when each prediction became visible, milliseconds since 1970, ascending. The
    first model's start is no change, and one without predictions on both sides is left out.
    """
    seen, latency = np.array(seen_ms), np.array(latencies_ms)
    pairs = []
    for event in [e for e in scorer_events(settings) if e.kind == "model_loaded"][1:]:
        first, at, end = np.searchsorted(seen, [event.at_ms - WINDOW_MS, event.at_ms, event.at_ms + WINDOW_MS])
        if first < at < end:
            pairs.append((latency[first:at].max(), latency[at:end].max()))
    if not pairs:
        return {"swaps": 0}
    ratios = [after / before for before, after in pairs]
    return {
        "swaps": len(pairs),
        "slowest_before_ms": round(median(before for before, _ in pairs)),
        "slowest_after_ms": round(median(after for _, after in pairs)),
        "median_ratio": round(median(ratios), 2),
        "worst_ratio": round(max(ratios), 2),
    }
