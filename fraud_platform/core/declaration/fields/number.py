"""Numbers of any size: a balance, a count, a score of somebody else's."""

from typing import Annotated, Any, ClassVar

import pyarrow as pa
from msgspec import Meta

from fraud_platform.core.declaration.fields.numeric import Numeric


class Number(Numeric, tag="number", frozen=True):
    """A number as it comes, a double."""

    ARROW_TYPE: ClassVar[pa.DataType] = pa.float64()

    @property
    def json_type(self) -> Any:
        return Annotated[float, Meta(ge=self.min, le=self.max)]
