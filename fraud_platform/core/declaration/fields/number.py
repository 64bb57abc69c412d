"""Numbers of any size: a balance, a count, a score of somebody else's."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.fields.numeric import Numeric


class Number(Numeric, tag="number", frozen=True):
    """A number as it comes, a double."""

    EVENT_TYPE: ClassVar[str] = "<f8"

    def encoded(self, values: Any) -> Floats:
        return np.asarray(values, np.float64)

    def is_known(self, encoded: NDArray[Any]) -> NDArray[np.bool_]:
        return ~np.isnan(encoded)

    def as_floats(self, encoded: NDArray[Any]) -> Floats:
        return encoded

    def as_encoded(self, value: bool | float | str) -> float:
        return float(value)
