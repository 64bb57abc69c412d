"""A cell that cannot be sent: what it would be read as might be another value."""

from typing import NamedTuple


class Refused(NamedTuple):
    """Why, and the way out. It does not repeat the cell, which a fault has beside it."""

    reason: str
