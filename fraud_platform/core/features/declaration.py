"""A declared feature, and the windows that the kernel computes."""

from collections.abc import Mapping
from dataclasses import dataclass

from fraud_platform.core.time import DAY_MS, HOUR_MS

HISTORY_DAYS = 30
"""Longest customer window; the scorer's state and the batch look-back hold this much."""

WINDOWS_MS = {"1h": HOUR_MS, "1d": DAY_MS, "7d": 7 * DAY_MS, "30d": HISTORY_DAYS * DAY_MS}


@dataclass(frozen=True)
class Feature:
    """One declared feature. All values are float64 and finite; `default` stands where nothing is known.

    `words` is the sentence that a reason says of a value: a format string over the row's
    features by name, its own value being `value`; or a sentence for each whole value from 0
    on. Where the value is the default and `words_if_default` is given, that is said instead.
    """

    name: str
    entity: str
    window: str
    unit: str
    meaning: str
    default: float = 0.0
    words: str | tuple[str, ...] = ""
    words_if_default: str = ""
    computation: str = ""
    """The line that computes it, without its wording; empty in what a release before 0.2 wrote down."""

    @property
    def definition(self) -> tuple[str, str, str, str, str, float]:
        """What makes it this feature; how a value is put into words does not."""
        return (self.name, self.entity, self.window, self.unit, self.meaning, self.default)

    def is_same(self, other: "Feature") -> bool:
        """Whether both have the same values, as far as their declarations tell."""
        computed = self.computation == other.computation or not (self.computation and other.computation)
        return computed and self.definition == other.definition

    def sentence(self, value: float, row: Mapping[str, float]) -> str:
        """A value in words; `row` holds the transaction's features by name.

        >>> Feature("to_mean", "customer", "30d", "", "", words="{amount:.2f} is {value:.1f} times the mean").sentence(
        ...     6.2, {"amount": 812.4}
        ... )
        '812.40 is 6.2 times the mean'
        """
        if self.words_if_default and value == self.default:
            return self.words_if_default
        if isinstance(self.words, tuple):
            return self.words[int(value)]
        return self.words.format_map({**row, "value": value})
