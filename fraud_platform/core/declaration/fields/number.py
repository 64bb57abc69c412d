"""Numbers of any size: a balance, a count, a score of somebody else's."""

from typing import Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa
from msgspec import Meta
from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.fields.numeric import Numeric


class Number(Numeric, tag="number", frozen=True):
    """A number as it comes, a double."""

    EVENT_TYPE: ClassVar[str] = "<f8"
    ARROW_TYPE: ClassVar[pa.DataType] = pa.float64()

    def encoded(self, values: Any) -> Floats:
        return np.asarray(values, np.float64)

    def is_known(self, encoded: NDArray[Any]) -> NDArray[np.bool_]:
        return ~np.isnan(encoded)

    def as_floats(self, encoded: NDArray[Any]) -> Floats:
        return encoded

    def as_encoded(self, value: bool | float | str) -> float:
        return float(value)

    @property
    def json_type(self) -> Any:
        return Annotated[float, Meta(ge=self.min, le=self.max)]
