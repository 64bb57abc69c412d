"""Names in a sentence, where there may be many."""

from collections.abc import Sequence


def listed(names: Sequence[str], most: int = 5) -> str:
    """The first names, and how many others there are.

    >>> listed(["amount", "hour", "weekday"], most=1)
    'amount and 2 others'
    """
    others = len(names) - most
    return ", ".join(names[:most]) + (f" and {others:,} others" if others > 0 else "")
