"""Columns that give the label away: a model that reads them has learnt nothing that it will have in time."""

from collections import Counter
from collections.abc import Iterable

LEAST_FRAUDS = 5
"""With fewer a column may fit them by chance."""
TELLS = 0.95
"""Share of frauds that are found, and of what is found that is fraud: a column of more gives the label away."""
_MOST_VALUES = 50


class Association:
    """Of the values of one column with the label. Many values count as one: only whether there is one then tells."""

    def __init__(self, has_many: bool) -> None:
        self._has_many = has_many
        self._counts: Counter[tuple[str, bool]] = Counter()

    def add(self, texts: Iterable[str], is_fraud: Iterable[bool]) -> None:
        """Values of rows, "" where there is none, and their labels."""
        if self._has_many:
            texts = ("any" if text else "" for text in texts)
        self._counts.update(zip(texts, is_fraud, strict=True))

    @property
    def tells(self) -> bool:
        """Whether the frauds can be told by the values.

        >>> told = Association(has_many=False)
        >>> told.add(["0"] * 90 + ["3"] * 10, [False] * 90 + [True] * 10)
        >>> told.tells
        True
        """
        values = {text for text, _ in self._counts}
        frauds = sum(count for (_, fraud), count in self._counts.items() if fraud)
        if frauds < LEAST_FRAUDS or not 2 <= len(values) <= _MOST_VALUES:
            return False
        told = [text for text in values if self._counts[text, True] > self._counts[text, False]]
        found = sum(self._counts[text, True] for text in told)
        alarms = found + sum(self._counts[text, False] for text in told)
        return bool(alarms) and found / frauds >= TELLS and found / alarms >= TELLS


def is_many(distinct: int) -> bool:
    """Whether so many values count as one."""
    return distinct > _MOST_VALUES
