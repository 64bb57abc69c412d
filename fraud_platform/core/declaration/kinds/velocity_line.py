"""What lines share that look at what just happened at an entity."""

from fraud_platform.core.declaration.kinds.windowed import EntityLine

SETTLED = "the last minute left out"
"""How partitions interleave decides what of the last minute is there: a window ends before it."""


class VelocityLine(EntityLine, frozen=True):
    """Of the entity's transactions that had arrived a minute before this one."""
