"""Where a transaction was, in degrees (WGS 84)."""

from typing import Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa
from msgspec import Meta
from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.fields.field import Field


class Coordinate(Field, frozen=True):
    """Degrees in single precision, which is some two metres."""

    EVENT_TYPE: ClassVar[str] = "<f4"
    ARROW_TYPE: ClassVar[pa.DataType] = pa.float64()

    role: None = None

    def encoded(self, values: Any) -> NDArray[np.float32]:
        return np.asarray(values, np.float32)

    def is_known(self, encoded: NDArray[Any]) -> NDArray[np.bool_]:
        return ~np.isnan(encoded)

    def as_floats(self, encoded: NDArray[Any]) -> Floats:
        return encoded.astype(np.float64)


class Latitude(Coordinate, tag="latitude", frozen=True):
    """Degrees north, -90 to 90."""

    @property
    def json_type(self) -> Any:
        return Annotated[float, Meta(ge=-90, le=90)]


class Longitude(Coordinate, tag="longitude", frozen=True):
    """Degrees east, -180 to 180."""

    @property
    def json_type(self) -> Any:
        return Annotated[float, Meta(ge=-180, le=180)]
