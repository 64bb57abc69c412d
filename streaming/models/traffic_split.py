"""The traffic split: which of champion, canary and challenger decides on a customer, and which only looks on. Pure.

A customer's hash bucket in [0, 100) comes from the id alone, so a customer stays with one
model however batches are cut and whenever the scorer is restarted. Buckets from 0 on are
the canary's, which decides there while the champion looks on. Buckets from 100 downwards
are those in which the challenger looks on at the champion's decisions.
"""

import zlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.canary import AlertCounts
from fraud_platform.core.model_bundle import ModelBundle
from fraud_platform.operations.aliases import CANARY, CHALLENGER


class LoadedModel(NamedTuple):
    """A verified model version, the threshold in force for it, and the digest of its bundle."""

    version: int
    bundle: ModelBundle
    threshold: float
    digest: str = ""


class TrafficSplit(NamedTuple):
    """The champion, and the versions beside it with their shares of customers in percent."""

    champion: LoadedModel
    challenger: LoadedModel | None = None
    canary: LoadedModel | None = None
    shadow_percent: float = 0
    canary_percent: float = 0


class Assignment(NamedTuple):
    """Rows that one model scores, and what it makes of them."""

    model: LoadedModel
    rows: NDArray[np.int64]
    """Their numbers."""
    probability: Floats

    @property
    def is_fraud(self) -> NDArray[np.bool_]:
        return self.probability >= self.model.threshold


class Assignments(NamedTuple):
    """Deciding ones cover each row once. By alias, `shadows` have the looking-on side of the rows that two scored."""

    deciding: list[Assignment]
    shadows: dict[str, Assignment]


class Outcomes(NamedTuple):
    """Rows that champion and one other version both scored, by who of them raised an alert."""

    both: int = 0
    champion_only: int = 0
    challenger_only: int = 0
    """The other version alone."""
    neither: int = 0

    @property
    def counts(self) -> AlertCounts:
        return AlertCounts(sum(self), self.both + self.champion_only, self.both + self.challenger_only)


def assign(split: TrafficSplit, features: Floats, customers: pa.ChunkedArray) -> Assignments:
    """Who decides, and who looks on. features: (n, F); customers: their n ids."""
    by_champion = Assignment(split.champion, np.arange(len(features)), split.champion.bundle.score(features))
    canary_percent = split.canary_percent if split.canary else 0
    shadow_percent = split.shadow_percent if split.challenger else 0
    if not canary_percent + shadow_percent:
        return Assignments([by_champion], {})
    bucket = hash_buckets(customers)
    canary = bucket < canary_percent
    shadow = (bucket >= 100 - shadow_percent) & ~canary
    deciding, shadows = [by_champion], {}
    if split.canary is not None and canary_percent:
        deciding = [_part(by_champion, ~canary), _score(split.canary, features, np.flatnonzero(canary))]
        shadows[CANARY] = _part(by_champion, canary)
    if split.challenger is not None and shadow_percent:
        shadows[CHALLENGER] = _score(split.challenger, features, np.flatnonzero(shadow))
    return Assignments(deciding, shadows)


def outcomes_of(shadows: Mapping[str, Assignment], is_fraud: NDArray[np.bool_]) -> dict[str, Outcomes]:
    """By alias, who raised an alert on the shadows' rows. is_fraud: the decisions (n,) on all rows."""
    found = {}
    for alias, looking_on in shadows.items():
        looked_on, decided = looking_on.is_fraud, is_fraud[looking_on.rows]
        champion, other = (looked_on, decided) if alias == CANARY else (decided, looked_on)
        parts = (champion & other, champion & ~other, other & ~champion, ~champion & ~other)
        found[alias] = Outcomes(*(int(part.sum()) for part in parts))
    return found


def hash_buckets(customers: pa.ChunkedArray) -> Floats:
    """Each customer's hash bucket in [0, 100)."""
    return np.array([zlib.crc32(customer.encode()) for customer in customers.to_pylist()], np.float64) * (100 / 2**32)


def _score(model: LoadedModel, features: Floats, rows: NDArray[np.int64]) -> Assignment:
    return Assignment(model, rows, model.bundle.score(features[rows]))


def _part(assignment: Assignment, mask: NDArray[np.bool_]) -> Assignment:
    return Assignment(assignment.model, assignment.rows[mask], assignment.probability[mask])
