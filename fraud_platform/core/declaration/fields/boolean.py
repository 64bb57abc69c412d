"""Flags: card present, PIN entered, recurring."""

from typing import Any, ClassVar

import pyarrow as pa

from fraud_platform.core.declaration.fields.field import Field


class Boolean(Field, tag="boolean", frozen=True):
    """True or false; as a number 1 or 0."""

    NUMERIC: ClassVar[bool] = True
    ARROW_TYPE: ClassVar[pa.DataType] = pa.bool_()

    role: None = None
    default: bool | None = None

    @property
    def json_type(self) -> Any:
        return bool

    @property
    def number_format(self) -> str:
        return ".2f"

    @property
    def measured_in(self) -> str:
        return "0/1"
