"""Champion and challenger on the same rows: who decides on a customer, and who only looks on. Pure.

A customer's place in [0, 100) is a hash of the id, so a customer stays with one model
however batches are cut and whenever the scorer is restarted. Places from 0 on are the
canary, where the challenger decides; places from 100 downwards are the shadow, where
it looks on. In the canary the champion looks on, so both always score the same rows.
"""

import zlib
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.scoring import ModelBundle


class LoadedModel(NamedTuple):
    """A verified model version and the threshold in force for it."""

    version: int
    bundle: ModelBundle
    threshold: float


class Contest(NamedTuple):
    """The champion, and a challenger with its shares of customers in percent."""

    champion: LoadedModel
    challenger: LoadedModel | None = None
    shadow_percent: float = 0
    canary_percent: float = 0


class View(NamedTuple):
    """What one model makes of some rows."""

    model: LoadedModel
    rows: NDArray[np.int64]
    """Their numbers."""
    probability: Floats

    @property
    def is_fraud(self) -> NDArray[np.bool_]:
        return self.probability >= self.model.threshold


class Views(NamedTuple):
    """Deciding views cover each row once; `shadows` cover those that the other model looks on at."""

    deciding: list[View]
    shadows: list[View]


class Tally(NamedTuple):
    """Rows that both models scored, by who of them raised an alert; `canary` of them the challenger decided."""

    both: int
    champion_only: int
    challenger_only: int
    neither: int
    canary: int

    @property
    def rows(self) -> int:
        return self.both + self.champion_only + self.challenger_only + self.neither

    @property
    def champion_alerts(self) -> int:
        return self.both + self.champion_only

    @property
    def challenger_alerts(self) -> int:
        return self.both + self.challenger_only


NO_TALLY = Tally(0, 0, 0, 0, 0)


def views(contest: Contest, features: Floats, customers: pa.ChunkedArray) -> Views:
    """Who decides, and who looks on. features: (n, F); customers: their n ids."""
    champion, challenger = contest.champion, contest.challenger
    everyone = np.arange(len(features))
    of_champion = View(champion, everyone, champion.bundle.score(features))
    if challenger is None or not contest.shadow_percent + contest.canary_percent:
        return Views([of_champion], [])
    place = places(customers)
    canary = place < contest.canary_percent
    shadow = (place >= 100 - contest.shadow_percent) & ~canary
    by_challenger = (
        _view(challenger, features, np.flatnonzero(canary)),
        _view(challenger, features, np.flatnonzero(shadow)),
    )
    by_champion = _part(of_champion, ~canary), _part(of_champion, canary)
    return Views([by_champion[0], by_challenger[0]], [by_challenger[1], by_champion[1]])


def tally_of(contest: Contest, shadows: list[View], is_fraud: NDArray[np.bool_]) -> Tally:
    """Counts of the shadows' rows. is_fraud: the decisions (n,) on all rows."""
    tally = np.zeros(5, np.int64)
    for view in shadows:
        is_canary = view.model is contest.champion
        looked_on, decided = view.is_fraud, is_fraud[view.rows]
        champion, challenger = (looked_on, decided) if is_canary else (decided, looked_on)
        outcomes = (champion & challenger, champion & ~challenger, challenger & ~champion, ~champion & ~challenger)
        tally += [*(int(outcome.sum()) for outcome in outcomes), is_canary * len(view.rows)]
    return Tally(*tally.tolist())


def places(customers: pa.ChunkedArray) -> Floats:
    """Each customer's place in [0, 100)."""
    return np.array([zlib.crc32(customer.encode()) for customer in customers.to_pylist()], np.float64) * (100 / 2**32)


def _view(model: LoadedModel, features: Floats, rows: NDArray[np.int64]) -> View:
    return View(model, rows, model.bundle.score(features[rows]))


def _part(view: View, mask: NDArray[np.bool_]) -> View:
    return View(view.model, view.rows[mask], view.probability[mask])
