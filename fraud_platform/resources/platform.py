"""The settings of a run and what follows from them: the lake and the registry."""

from functools import cached_property

import dagster as dg
from pydantic import Field

from fraud_platform.settings import Settings, load_settings
from fraud_platform.storage.lake import Lake
from fraud_platform.storage.registry import Registry


class PlatformResource(dg.ConfigurableResource):
    """Settings as the process finds them; `overrides` (setting → value, as in the environment) win."""

    overrides: dict[str, str] = Field(default_factory=dict)

    @cached_property
    def settings(self) -> Settings:
        return load_settings(**self.overrides)

    @cached_property
    def lake(self) -> Lake:
        return Lake(self.settings)

    @cached_property
    def registry(self) -> Registry:
        return Registry(self.settings)
