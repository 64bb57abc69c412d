"""What a model's bundle remembers of the rows that it was judged on: the reference that drift is measured against.

Bins, shares and nothing else: no row of a customer is in it, and comparing a day takes one pass over its rows.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from fraud_platform.core.arrays import Bools, Days, Floats, Ints
from fraud_platform.core.features.declaration import Feature
from fraud_platform.core.monitoring.two_samples import design_effect, population_stability_index

QUANTILES = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99])
CATEGORIES = 20
"""Values of a category with a bin of their own, the most frequent in training; the rest of the known ones share one."""
FEWEST_ROWS = 200
"""Of a day that is compared: of fewer rows even ten bins are mostly noise."""


class Bins(msgspec.Struct, frozen=True):
    """Shares of a quantity: bin k holds the values with edges[k - 1] <= value < edges[k]; the last one the missing."""

    edges: list[float]
    shares: list[float]
    """(len(edges) + 2,)."""
    usual_psi: float
    """The largest stability index of a single day of the reference against all of it: weekdays differ, and that is
    no drift."""
    design_effect: float
    """Rows for each independent one: see two_samples.py."""

    def count(self, values: Floats) -> Ints:
        """Rows (B,) in each bin; NaN is missing."""
        return np.bincount(_places(np.asarray(self.edges), values), minlength=len(self.shares))


class FeatureBins(Bins, frozen=True):
    """A feature's; the values of a category are its codes, so that bin 0 has those that were never seen in training."""

    default_share: float = 0.0
    """Rows where nothing was known."""


class DriftReference(msgspec.Struct, frozen=True, kw_only=True):
    """Of the real rows of validation and test, blocked cards included, as the scorer sees all of them."""

    rows: int
    features: list[FeatureBins]
    """In the order of the model's features."""
    scores: Bins
    """Of calibrated probabilities."""
    alert_share: float
    usual_alert_shares: tuple[float, float]
    """Smallest and largest of a single day."""
    alert_design_effect: float

    def fault(self, features: int) -> str | None:
        """Why it cannot be that of a model of so many features."""
        if len(self.features) != features:
            return f"a drift reference of {len(self.features)} features for {features}"
        uneven = [bins for bins in (*self.features, self.scores) if len(bins.shares) != len(bins.edges) + 2]
        return "a drift reference whose shares do not fit its bins" if uneven or self.rows < 1 else None


def drift_reference(
    declared: Sequence[Feature],
    rows: Sequence[Floats],
    coded: Sequence[Floats],
    categories: Sequence[int],
    days: Days,
    probabilities: Floats,
    alerts: Bools,
) -> DriftReference:
    """The reference of the rows (n, F), given in parts, with days, probabilities and alerts (n,) of all of them.

    coded: the same parts with codes in the columns of `categories`.
    """
    day_of_row = np.unique(days, return_inverse=True)[1]

    def column(parts: Sequence[Floats], place: int) -> Floats:
        return np.concatenate([part[:, place] for part in parts])

    features = []
    for place, feature in enumerate(declared):
        raw = column(rows, place)
        is_category = place in categories
        edges = _category_edges() if is_category else _edges(raw, feature.default)
        bins = _bins(edges, column(coded, place) if is_category else raw, day_of_row)
        default_share = float(np.mean(raw == feature.default))
        features.append(FeatureBins(bins.edges, bins.shares, bins.usual_psi, bins.design_effect, default_share))
    of_alerts = _bins(np.array([0.5]), alerts.astype(float), day_of_row)
    share = float(alerts.mean())
    by_day = [float(alerts[day_of_row == day].mean()) for day in _days_to_compare(day_of_row)]
    return DriftReference(
        rows=len(days),
        features=features,
        scores=_bins(_edges(probabilities), probabilities, day_of_row),
        alert_share=share,
        usual_alert_shares=(min(by_day, default=share), max(by_day, default=share)),
        alert_design_effect=of_alerts.design_effect,
    )


def _bins(edges: Floats, values: Floats, day_of_row: Ints) -> Bins:
    places, width = _places(edges, values), len(edges) + 2
    days = int(day_of_row.max()) + 1
    by_day = np.bincount(day_of_row * width + places, minlength=days * width).reshape(days, width)
    counts, whole = by_day.sum(axis=0), by_day[_days_to_compare(day_of_row)]
    psi = [population_stability_index(day, counts) for day in whole]
    shares = (counts / len(values)).tolist()
    return Bins(edges.tolist(), shares, max(psi, default=0.0), design_effect(whole))


def _days_to_compare(day_of_row: Ints) -> Ints:
    return np.flatnonzero(np.bincount(day_of_row) >= FEWEST_ROWS)


def _places(edges: Floats, values: Floats) -> Ints:
    return np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))


def _edges(values: Floats, *alone: float) -> Floats:
    """Quantiles of the values; a value that is to stand alone has a bin of its own."""
    found = np.quantile(values, QUANTILES, method="higher")
    around = [edge for value in alone for edge in (value, np.nextafter(value, np.inf))]
    return np.unique(np.concatenate([found, around]))


def _category_edges() -> Floats:
    """Codes count from 1 on, the most frequent value first; 0 is a value that was never seen."""
    return np.arange(0.5, CATEGORIES + 1)
