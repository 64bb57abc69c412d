"""Where a transaction was, in degrees (WGS 84)."""

from fraud_platform.core.declaration.fields.field import Field


class Latitude(Field, tag="latitude", frozen=True):
    """Degrees north, -90 to 90."""

    role: None = None


class Longitude(Field, tag="longitude", frozen=True):
    """Degrees east, -180 to 180."""

    role: None = None
