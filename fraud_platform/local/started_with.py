"""The settings that a running stack was started with, read from its supervisor's environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from fraud_platform.errors import ConfigurationError
from fraud_platform.local.environment import environment
from fraud_platform.settings import Settings, load_settings


@dataclass(frozen=True)
class Difference:
    """A setting whose value here is not the one that the stack runs with. A secret's values are not told."""

    setting: str
    running: str
    here: str
    secret: bool

    def __str__(self) -> str:
        return self.setting if self.secret else f"{self.setting} ({_shown(self.running)}; here: {_shown(self.here)})"


def started_with(environ: Mapping[str, str]) -> Settings | None:
    """Settings of a process with this environment. What an older release did not know has its default.

    None where this release does not accept a value.
    """
    fields = Settings.model_fields
    values = {name: environ.get(name.upper()) or field.default for name, field in fields.items()}
    try:
        return load_settings(_env_file=None, **values)
    except ConfigurationError:
        return None


def differences(running: Settings, here: Settings) -> list[Difference]:
    """The settings that differ, in the order of their declaration."""
    there, own = environment(running), environment(here)
    return [
        Difference(name.upper(), there[name.upper()], own[name.upper()], _is_secret(running, here, name))
        for name in Settings.model_fields
        if there[name.upper()] != own[name.upper()]
    ]


def _is_secret(running: Settings, here: Settings, name: str) -> bool:
    return any(isinstance(getattr(settings, name), SecretStr) for settings in (running, here))


def _shown(value: str) -> str:
    return value or "empty"
