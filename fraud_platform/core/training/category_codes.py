"""Categories as numbers that a tree can split on: a dictionary from what the kernel gives to small codes.

The kernel's value of a category is a hash with more digits than single precision has, in
which models are fitted and asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fraud_platform.core.arrays import Floats

MOST_VALUES = 1_000
"""Of one category, the most frequent ones; the others are one code together."""
OTHER = 0.0


@dataclass(frozen=True)
class CategoryCodes:
    """For each column of categories its known values; a value's code is its place there, from 1 on."""

    columns: tuple[int, ...]
    values: tuple[Floats, ...]

    @classmethod
    def learnt(cls, features: Floats, columns: Sequence[int]) -> "CategoryCodes":
        """Codes of the values in feature rows (n, F), the most frequent first."""
        values = []
        for column in columns:
            found, count = np.unique(features[:, column], return_counts=True)
            values.append(found[np.lexsort((found, -count))][:MOST_VALUES])
        return cls(tuple(columns), tuple(values))

    @classmethod
    def of_names(cls, values: Mapping[str, Sequence[float]], names: Sequence[str]) -> "CategoryCodes":
        """The codes that `by_name` wrote down. Raises ValueError where a feature has another name."""
        return cls(tuple(names.index(name) for name in values), tuple(np.array(own, float) for own in values.values()))

    def by_name(self, names: Sequence[str]) -> dict[str, list[float]]:
        """Feature → its known values."""
        return {names[column]: values.tolist() for column, values in zip(self.columns, self.values, strict=True)}

    def coded(self, features: Floats) -> Floats:
        """Feature rows (n, F) with codes in the columns of categories."""
        if not self.columns:
            return features
        coded = features.copy()
        for column, values in zip(self.columns, self.values, strict=True):
            if not len(values):
                coded[:, column] = OTHER
                continue
            order = np.argsort(values)
            place = np.searchsorted(values[order], features[:, column]).clip(0, len(values) - 1)
            is_known = values[order][place] == features[:, column]
            coded[:, column] = np.where(is_known, order[place] + 1.0, OTHER)
        return coded
