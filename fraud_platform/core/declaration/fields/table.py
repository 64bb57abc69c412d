"""The types of fields. A new one is a module with a class, and a line here."""

import msgspec

from fraud_platform.core.declaration.fields.boolean import Boolean
from fraud_platform.core.declaration.fields.category import Category
from fraud_platform.core.declaration.fields.coordinates import Latitude, Longitude
from fraud_platform.core.declaration.fields.decimal import Decimal
from fraud_platform.core.declaration.fields.field import Field
from fraud_platform.core.declaration.fields.id import Id
from fraud_platform.core.declaration.fields.ip import Ip
from fraud_platform.core.declaration.fields.number import Number
from fraud_platform.core.declaration.fields.timestamp import Timestamp

_TYPES: tuple[type[Field], ...] = (Id, Category, Decimal, Number, Boolean, Timestamp, Latitude, Longitude, Ip)
FIELD_TYPES: dict[str, type[Field]] = {str(msgspec.inspect.type_info(cls).tag): cls for cls in _TYPES}  # type: ignore[attr-defined]
"""Name in a declaration → class."""
