"""Where a transaction was, in degrees (WGS 84)."""

from typing import Annotated, Any, ClassVar

import pyarrow as pa
from msgspec import Meta

from fraud_platform.core.declaration.fields.field import Field


class Latitude(Field, tag="latitude", frozen=True):
    """Degrees north, -90 to 90."""

    ARROW_TYPE: ClassVar[pa.DataType] = pa.float64()

    role: None = None

    @property
    def json_type(self) -> Any:
        return Annotated[float, Meta(ge=-90, le=90)]


class Longitude(Field, tag="longitude", frozen=True):
    """Degrees east, -180 to 180."""

    ARROW_TYPE: ClassVar[pa.DataType] = pa.float64()

    role: None = None

    @property
    def json_type(self) -> Any:
        return Annotated[float, Meta(ge=-180, le=180)]
