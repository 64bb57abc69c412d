"""Numbers of any size: a balance, a count, a score of somebody else's."""

from fraud_platform.core.declaration.fields.numeric import Numeric


class Number(Numeric, tag="number", frozen=True):
    """A number as it comes, a double."""
