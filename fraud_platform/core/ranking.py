"""How well a model ranked the test split, kept in the bundle, so that the gate can compare models that are not."""

import msgspec


class Ranking(msgspec.Struct, frozen=True):
    """Average precision of one model, on cards that were not blocked."""

    average_precision: float
    """Over all rows."""
    by_day: list[float | None]
    """Of each arrival day in turn; None on a day without frauds."""
