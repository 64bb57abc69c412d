"""The models that score the next batch, and how the versions beside the champion have done so far.

The watcher of aliases puts models in, a batch asks for the split and tells what came of
it; both hold the scorer's batch lock.
"""

from collections.abc import Mapping

from fraud_platform.core.canary import AlertCounts
from fraud_platform.operations.aliases import CANARY, CHALLENGER
from fraud_platform.operations.observed_alerts import Observed
from fraud_platform.settings import Settings
from streaming.metrics import metrics
from streaming.models.traffic_split import LoadedModel, Outcomes, TrafficSplit

BESIDE = {CHALLENGER: metrics.CHALLENGER_VERSION, CANARY: metrics.CANARY_VERSION}
"""Aliases of the versions beside the champion, with the metric that tells which they are."""


class ModelSlots:
    """Champion, challenger and canary."""

    def __init__(self, settings: Settings) -> None:
        self._shares = settings.shadow_percent, settings.canary_percent
        self._factor = settings.canary_alert_factor
        self.champion: LoadedModel | None = None
        self.beside: dict[str, LoadedModel] = {}
        self._observed: dict[str, Observed] = {}

    def take_over(self, model: LoadedModel) -> None:
        """Make a model the champion; one of the same version beside it has its place no longer."""
        self.champion = model
        for alias in [alias for alias, other in self.beside.items() if other.version == model.version]:
            self.put(alias, None)
        metrics.MODEL_VERSION.set(model.version)
        metrics.MODEL_THRESHOLD.set(model.threshold)

    def put(self, alias: str, model: LoadedModel | None) -> None:
        """Have a model score beside the champion, or none."""
        if model is None:
            self.beside.pop(alias, None)
        else:
            self.beside[alias] = model
        BESIDE[alias].set(model.version if model else 0)

    def split(self) -> TrafficSplit:
        """Who scores the next batch; there must be a champion."""
        assert self.champion is not None
        return TrafficSplit(self.champion, self.beside.get(CHALLENGER), self.beside.get(CANARY), *self._shares)

    def resume(self, observed: Mapping[str, Observed]) -> None:
        """Go on from counts that are out: those of the last batch, of whatever process."""
        self._observed = dict(observed)

    def observed_with(self, outcomes: Mapping[str, Outcomes]) -> dict[str, Observed]:
        """By alias, the counts with those of a batch; they hold once the batch is out, see `resume`."""
        return {alias: self._with(alias, model, outcomes.get(alias)) for alias, model in self.beside.items()}

    def send_back(self) -> list[tuple[int, str]]:
        """Take out the canary whose alerts have left the band; returns its version and why.

        A challenger decides on nobody, so the rollout can take its time with it.
        """
        canary = self.beside.get(CANARY)
        if canary is None or not (reason := self._with(CANARY, canary, None).counts.out_of_band(self._factor)):
            return []
        self.put(CANARY, None)
        return [(canary.version, reason)]

    def _with(self, alias: str, model: LoadedModel, outcomes: Outcomes | None) -> Observed:
        champion = self.champion.version if self.champion else 0
        found = self._observed.get(alias)
        if found is None or not found.matches(model.version, champion):
            found = Observed(model.version, champion, AlertCounts())
        added = found.counts.plus(outcomes.counts) if outcomes else found.counts
        return Observed(found.version, found.champion, added)
