"""How far two samples of one quantity lie apart, from their counts in the same bins: no value is needed."""

import math

import numpy as np

from fraud_platform.core.arrays import Bools, Floats, Ints

Counts = Floats | Ints
_TERMS = np.arange(1, 101)
_TINY_LAMBDA = 0.2
"""Below it the series of Kolmogorov's distribution converges slowly, and the probability is 1 to 12 digits."""


def population_stability_index(counts: Counts, reference: Counts) -> float:
    """Σ (p - q) ln(p / q) over the shares p and q of two samples, from their counts (B,).

    It is the symmetrised Kullback-Leibler divergence: Siddiqi, Credit Risk Scorecards (2006), who reads 0.1 as a
    shift to look at and 0.25 as a major one. Half a count is added to each bin (Jeffreys), so that an empty bin is
    finite. Without any change its mean is about (B - 1)(1/n + 1/m): Yurdakul, Statistical Properties of Population
    Stability Index (2018).

    >>> round(population_stability_index(np.array([300, 700]), np.array([500, 500])), 3)
    0.169
    """
    p, q = _shares(counts), _shares(reference)
    return float(np.sum((p - q) * np.log(p / q)))


def kolmogorov_smirnov(counts: Counts, reference: Counts) -> tuple[float, float]:
    """The largest difference between the cumulated shares of two samples (B,), and its p value.

    By Kolmogorov's asymptotic distribution with Stephens' correction for small samples (JRSS B 32, 1970). On bins
    the statistic is at most that of the values themselves, so the test is conservative: Noether, Note on the
    Kolmogorov statistic in the discrete case (Metrika 7, 1963). Counts stand for independent rows: see `design_effect`.
    """
    n, m = counts.sum(), reference.sum()
    distance = float(np.max(np.abs(np.cumsum(counts) / n - np.cumsum(reference) / m)))
    root = math.sqrt(n * m / (n + m))
    scaled = (root + 0.12 + 0.11 / root) * distance
    if scaled < _TINY_LAMBDA:
        return distance, 1.0
    series = 2 * np.sum((-1.0) ** (_TERMS - 1) * np.exp(-2 * (_TERMS * scaled) ** 2))
    return distance, float(np.clip(series, 0, 1))


def design_effect(days: Counts) -> float:
    """By how much the counts (D, B) of single days vary more than independent rows would; at least 1.

    Rows of one customer, merchant or weekday resemble each other, so n rows tell as much as n / effect independent
    ones: the mean of Pearson's statistic of a day against all days, over its degrees of freedom. Rao and Scott, On
    Chi-Squared Tests for Multiway Contingency Tables with Cell Proportions Estimated from Survey Data (1984).
    """
    met = days.sum(axis=0) > 0
    freedom = (len(days) - 1) * (int(met.sum()) - 1)
    if freedom < 1:
        return 1.0
    found = days[:, met]
    expected = np.outer(found.sum(axis=1), found.sum(axis=0)) / found.sum()
    return max(1.0, float(np.sum((found - expected) ** 2 / expected) / freedom))


def share_difference(count: float, rows: float, reference_share: float, reference_rows: float) -> tuple[float, float]:
    """How many standard errors a share lies from that of a reference, and the two-sided p value.

    By the normal approximation with the pooled share, half a row added to the rarer side (Fleiss, Statistical Methods
    for Rates and Proportions, 1981), so that none at all has a p value, too. Rows may be those that a design effect
    has left.
    """
    pooled = (count + reference_share * reference_rows + 0.5) / (rows + reference_rows + 1)
    error = math.sqrt(pooled * (1 - pooled) * (1 / rows + 1 / reference_rows))
    distance = (count / rows - reference_share) / error
    return distance, math.erfc(abs(distance) / math.sqrt(2))


def benjamini_hochberg(p_values: Floats, level: float) -> Bools:
    """Which of several tests (k,) are rejected so that, of the rejections, a share of at most `level` is false.

    Where nothing has changed at all, the probability of any rejection is at most `level`: Benjamini and Hochberg,
    Controlling the False Discovery Rate (JRSS B 57, 1995).
    """
    order = np.argsort(p_values)
    holds = np.flatnonzero(p_values[order] <= level * np.arange(1, len(order) + 1) / max(len(order), 1))
    rejected = np.zeros(len(p_values), bool)
    if len(holds):
        rejected[order[: holds[-1] + 1]] = True
    return rejected


def _shares(counts: Counts) -> Floats:
    return (counts + 0.5) / (counts.sum() + 0.5 * len(counts))
