"""A histogram that takes a batch of observations at once: prometheus_client's own takes one at a time."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector


class LatencyHistogram(Collector):
    """Counts of seconds by bucket, without labels."""

    def __init__(self, name: str, meaning: str, buckets: Sequence[float], registry: CollectorRegistry) -> None:
        self.name, self.meaning = name, meaning
        self._bounds = np.asarray(buckets)
        self._counts = np.zeros(len(buckets) + 1, np.int64)
        self._sum = 0.0
        registry.register(self)

    def observe_all(self, seconds: NDArray[np.float64]) -> None:
        # A value equal to a bound belongs below it, as Prometheus' "le" says.
        buckets = np.searchsorted(self._bounds, seconds, side="left")
        self._counts += np.bincount(buckets, minlength=len(self._counts))
        self._sum += float(seconds.sum())

    def collect(self) -> Iterator[HistogramMetricFamily]:
        bounds = [*(str(bound) for bound in self._bounds.tolist()), "+Inf"]
        totals = accumulate(self._counts.tolist())
        family = HistogramMetricFamily(self.name, self.meaning)
        family.add_metric([], list(zip(bounds, totals, strict=True)), self._sum)
        yield family
