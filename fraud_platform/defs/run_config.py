"""Settings as configuration of one run: the launchpad shows them with the values in force, and each can be changed."""

from copy import copy
from typing import Any

import dagster as dg
from pydantic import ValidationError

from fraud_platform.defs.code_location import SETTINGS
from fraud_platform.errors import ConfigurationError
from fraud_platform.settings import Settings

_BOUNDS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}


def from_setting(setting: str, note: str = "") -> Any:
    """Field for one setting: range and description are the setting's, the default is the value in force."""
    field = copy(Settings.model_fields[setting])
    field.default = getattr(SETTINGS, setting)
    allowed = f"Allowed: {_allowed(field.metadata)}."
    field.description = " ".join(filter(None, (field.description, allowed, f"Setting: {setting.upper()}.", note)))
    return field


class RunConfig(dg.Config):
    """Configuration whose fields start as settings; a value out of range is an error that names the range."""

    def __init__(self, **chosen: Any) -> None:
        try:
            super().__init__(**chosen)
        except ValidationError as error:
            raise ConfigurationError("; ".join(map(self._complaint, error.errors()))) from None

    def changed(self) -> dict[str, Any]:
        """The values that somebody chose for this run. What is left as shown, or null, follows the settings."""
        defaults = {name: field.default for name, field in type(self).model_fields.items()}
        values = self.model_dump().items()
        return {name: value for name, value in values if value is not None and value != defaults[name]}

    def _complaint(self, error: Any) -> str:
        (name,) = error["loc"]
        allowed = _allowed(type(self).model_fields[name].metadata) or error["msg"]
        return f"{name}={error['input']!r} is not allowed: {allowed}"


def _allowed(constraints: list[Any]) -> str:
    bounds = (
        f"{word} {getattr(c, bound):g}" for c in constraints for bound, word in _BOUNDS.items() if hasattr(c, bound)
    )
    return " and ".join(bounds)
