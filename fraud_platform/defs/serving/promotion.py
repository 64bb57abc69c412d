"""Moving the champion alias, and moving it back where the scorer does not follow."""

from collections.abc import Iterator
from contextlib import contextmanager

from fraud_platform.storage.registry import CHAMPION, Registry


@contextmanager
def champion(registry: Registry, version: int) -> Iterator[int | None]:
    """Make a version the champion; yields the version before it, which is champion again where the block fails."""
    before = registry.version(CHAMPION)
    registry.set_alias(CHAMPION, version)
    try:
        yield before
    except BaseException:
        if before is None:
            registry.delete_alias(CHAMPION)
        else:
            registry.set_alias(CHAMPION, before)
        raise
