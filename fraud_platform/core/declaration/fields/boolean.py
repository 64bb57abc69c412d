"""Flags: card present, PIN entered, recurring."""

from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from fraud_platform.core.arrays import Floats
from fraud_platform.core.declaration.fields.field import Field


class Boolean(Field, tag="boolean", frozen=True):
    """True or false; as a number 1 or 0."""

    NUMERIC: ClassVar[bool] = True
    EXACT: ClassVar[bool] = True
    EVENT_TYPE: ClassVar[str] = "<i1"
    ARROW_TYPE: ClassVar[pa.DataType] = pa.bool_()

    role: None = None
    default: bool | None = None

    def encoded(self, values: Any) -> NDArray[np.int8]:
        """1 and 0 for true and false, -1 where unknown."""
        given = np.asarray(values, object)
        missing = pd.isna(given)
        return np.where(missing, -1, np.where(missing, False, given).astype(np.int8)).astype(np.int8)

    def is_known(self, encoded: NDArray[Any]) -> NDArray[np.bool_]:
        return encoded >= 0

    def as_floats(self, encoded: NDArray[Any]) -> Floats:
        return np.where(encoded >= 0, encoded, np.nan)

    def as_encoded(self, value: bool | float | str) -> int:
        return int(value)

    @property
    def json_type(self) -> Any:
        return bool

    @property
    def number_format(self) -> str:
        return ".2f"

    @property
    def measured_in(self) -> str:
        return "0/1"
