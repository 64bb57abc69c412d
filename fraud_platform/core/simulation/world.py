"""The seeded world: what a simulation is given, and the random stream of each of its parts."""

from dataclasses import dataclass
from datetime import date
from zlib import crc32

import numpy as np

from fraud_platform.errors import ConfigurationError

MIN_MERCHANTS = 200
"""Below this some towns have no shop, and a card could not be used there."""


@dataclass(frozen=True)
class World:
    """A population and its whole past and future: every day is a pure function of (world, day)."""

    seed: int
    customers: int = 4000
    merchants: int = 800

    def __post_init__(self) -> None:
        if self.customers < 1:
            raise ConfigurationError(f"customers={self.customers}: a world needs at least 1")
        if self.merchants < MIN_MERCHANTS:
            raise ConfigurationError(f"merchants={self.merchants}: a world needs at least {MIN_MERCHANTS}")

    def rng(self, stream: str, day: date | None = None) -> np.random.Generator:
        """The random stream of one part of the world, on one day where it has days."""
        ordinal = day.toordinal() if day else 0
        return np.random.default_rng(np.random.SeedSequence([self.seed, crc32(stream.encode()), ordinal]))
