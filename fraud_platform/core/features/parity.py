"""Do batch and stream agree? Comparison of the features of the same transactions, feature by feature."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fraud_platform.core.arrays import Floats, Ids

RELATIVE_TOLERANCE = 1e-9
"""numpy's vector and scalar sines differ in the last bit, so where a batch is cut moves a distance by that much."""


@dataclass(frozen=True)
class Parity:
    """Outcome over `rows` transactions: the largest absolute difference of each feature, by name."""

    rows: int
    largest: dict[str, float]
    differing: tuple[str, ...]
    """Features that differ by more than the tolerance anywhere."""
    first_difference: str | None

    @property
    def holds(self) -> bool:
        return self.first_difference is None

    @property
    def max_difference(self) -> float:
        # numpy's maximum is NaN where one of them is.
        return float(np.max([*self.largest.values()], initial=0.0))

    def __str__(self) -> str:
        return self.first_difference or f"{self.rows:,} transactions agree in every feature"


def compare_features(transaction_ids: Ids, batch: Floats, stream: Floats, names: Sequence[str]) -> Parity:
    """Compare features (n, F) that batch and stream gave to the same transactions (n,), in arrival order."""
    difference = np.abs(batch - stream)
    # Written so that a NaN on either side differs.
    differs = ~(difference <= RELATIVE_TOLERANCE * np.maximum(1.0, np.abs(batch)))
    largest = dict(zip(names, difference.max(axis=0, initial=0.0).tolist(), strict=True))
    columns = np.flatnonzero(differs.any(axis=0))
    first = None
    if len(columns):
        row = int(np.flatnonzero(differs.any(axis=1))[0])
        column = int(np.flatnonzero(differs[row])[0])
        first = (
            f"transaction {transaction_ids[row]}: {names[column]} is {batch[row, column]:.17g} in batch "
            f"and {stream[row, column]:.17g} in the stream"
        )
    return Parity(len(batch), largest, tuple(names[int(j)] for j in columns), first)
