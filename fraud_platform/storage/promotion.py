"""Moving the champion alias: by whom and why is written on the version, and the scorer must follow."""

import time
from contextlib import suppress
from typing import NamedTuple

from fraud_platform.errors import ModelRefusedError, PromotionError, ServiceUnavailableError
from fraud_platform.schemas import ScorerEvent
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.ledger import wait_for_model, write_event
from fraud_platform.storage.registry import CHAMPION, Registry

BY, REASON, AT = "champion_by", "champion_reason", "champion_since"
"""Tags of a version that was made champion; they tell of the last time."""


class Promoted(NamedTuple):
    """The scorer's acknowledgement, and the champion before."""

    event: ScorerEvent
    before: int | None
    seconds: float
    """From moving the alias to the acknowledgement."""


def promote(settings: Settings, registry: Registry, version: int, *, by: str, reason: str) -> Promoted:
    """Make a version the champion and wait until the scorer has taken it.

    Raises PromotionError, with the alias where it was before, where the scorer refuses the
    version or says nothing within PROMOTION_TIMEOUT_SECONDS.
    """
    before = registry.version(CHAMPION)
    try:
        return _move_and_wait(settings, registry, before, version, by=by, reason=reason)
    except BaseException as error:
        _move_back(settings, registry, before, error)
        raise


def roll_back(settings: Settings, registry: Registry, version: int, *, by: str, reason: str) -> Promoted:
    """Make an earlier version the champion again and wait until the scorer has taken it.

    Unlike a promotion it stays where the scorer says nothing in time (PromotionError): one
    that is down must not come up with the version that somebody wants away. Only where the
    scorer refuses the version (ModelRefusedError) the alias moves back.
    """
    before = registry.version(CHAMPION)
    try:
        return _move_and_wait(settings, registry, before, version, by=by, reason=reason)
    except ModelRefusedError as error:
        _move_back(settings, registry, before, error)
        raise
    except PromotionError as error:
        raise PromotionError(f"{error}; the alias stays at version {version}, a scorer that starts takes it") from None


def _move_and_wait(
    settings: Settings, registry: Registry, before: int | None, version: int, *, by: str, reason: str
) -> Promoted:
    """before: the champion so far."""
    asked = _move(settings, registry, version, by=by, reason=reason)
    # The scorer says nothing about a version that it has already.
    event = wait_for_model(settings, version, None if before == version else asked, settings.promotion_timeout_seconds)
    return Promoted(event, before, max(event.at_ms - asked.at_ms, 0) / 1000)


def _move(settings: Settings, registry: Registry, version: int, *, by: str, reason: str) -> ScorerEvent:
    """Make a version the champion; returns what the ledger says of who did so and why."""
    # Before the alias moves: the scorer's own event then comes after it.
    asked = _record(settings, version, by=by, reason=reason)
    make_champion(registry, version, by=by, reason=reason)
    return asked


def _record(settings: Settings, version: int, *, by: str, reason: str) -> ScorerEvent:
    event = ScorerEvent(
        kind="champion_set", scorer_id="promotion", at_ms=now_ms(), model_version=version, by=by, reason=reason
    )
    write_event(settings, event)
    return event


def make_champion(registry: Registry, version: int, *, by: str, reason: str) -> None:
    """Point the alias at a version, which tells from now on who did so, why and when."""
    registry.set_alias(CHAMPION, version)
    registry.set_tags(version, {BY: by, REASON: reason, AT: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})


def _move_back(settings: Settings, registry: Registry, before: int | None, error: BaseException) -> None:
    """Make the champion before champion again; its tags still tell who chose it."""
    if before is None:
        registry.delete_alias(CHAMPION)
    else:
        registry.set_alias(CHAMPION, before)
        with suppress(ServiceUnavailableError):  # Kafka may be what failed, and the caller tells of it
            _record(settings, before, by="promotion", reason=f"moved back: {error}")
