"""Moving the champion alias: who did so and why is written on the version, and the scorer must follow."""

from contextlib import suppress
from typing import NamedTuple

from fraud_platform.errors import FraudPlatformError, ModelRefusedError, PromotionError
from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.operations import rollout
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.operations.deployment_tags import tag_deployment
from fraud_platform.operations.ledger import scorer_events, wait_for_model, write_event
from fraud_platform.operations.rollout import Verdict
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.registry import BUNDLE_DIGEST, Registry


class Promoted(NamedTuple):
    """The scorer's acknowledgement, and the champion before."""

    event: ScorerEvent
    before: int | None
    seconds: float
    """From moving the alias to the acknowledgement."""


class Request(NamedTuple):
    """Which version is to be champion, who says so and why."""

    version: int
    by: str
    reason: str

    def check(self) -> None:
        """Raises PromotionError where nobody or no reason is named."""
        for name, value in (("a reason", self.reason), ("a person or program", self.by)):
            if not value.strip():
                raise PromotionError(f"{name} is needed, which the ledger and the version keep: it was empty")


def promote(settings: Settings, registry: Registry, request: Request, *, override_gate: bool = False) -> Promoted:
    """Make a version the champion and wait until the scorer has taken it.

    Without override_gate only a version that passed the gate is let through; with it the
    version's tags tell who let it through. Raises PromotionError where the gate does not,
    where the scorer refuses the version or says nothing within PROMOTION_TIMEOUT_SECONDS.
    The alias is then where it was before, unless somebody else has moved it meanwhile, and
    the version gets no alias again by itself.
    """
    request.check()
    _pass_gate(registry, request, override_gate)
    before = registry.version(CHAMPION)
    asked = _move(settings, registry, request)
    try:
        event = _answer(settings, before, request.version, asked)
    except BaseException as error:
        _move_back(settings, registry, before, request, asked, error)
        raise
    _tag(registry, before, request, event.at_ms)
    registry.delete_tag(request.version, rollout.STOPPED)
    rollout.tidy(registry, request.version)
    return _promoted(event, before, asked)


def roll_back(settings: Settings, registry: Registry, request: Request) -> Promoted:
    """Make an earlier version the champion again and wait until the scorer has taken it.

    Unlike a promotion it stays where the scorer says nothing in time (PromotionError): one
    that is down must not come up with the version that somebody wants away. Only where the
    scorer refuses the version (ModelRefusedError) the alias moves back. The version that
    goes gets no alias again by itself.
    """
    request.check()
    before = registry.version(CHAMPION)
    asked = _move(settings, registry, request)
    try:
        event = _answer(settings, before, request.version, asked)
    except ModelRefusedError as error:
        _move_back(settings, registry, before, request, asked, error)
        raise
    except PromotionError as error:
        _tag(registry, before, request, asked.at_ms)
        _stop_the_one_before(registry, before, request)
        raise PromotionError(
            f"{error}; the alias stays at version {request.version}, a scorer that starts takes it"
        ) from None
    _tag(registry, before, request, event.at_ms)
    _stop_the_one_before(registry, before, request)
    return _promoted(event, before, asked)


def _stop_the_one_before(registry: Registry, before: int | None, request: Request) -> None:
    if before is not None and before != request.version:
        rollout.stop(registry, before, f"rolled back by {request.by}: {request.reason}")


def _pass_gate(registry: Registry, request: Request, override_gate: bool) -> None:
    tags = registry.tags(request.version)
    verdict = rollout.verdict_of(tags)
    if verdict is not None and verdict.lets_through:
        return
    why = tags.get(rollout.GATE_REASON, "it has not run on this version")
    if not override_gate:
        raise PromotionError(
            f"the gate has not let version {request.version} through ({why}): "
            "'fraud promote' makes it champion all the same, and keeps who did so and why"
        )
    reason = f"{request.by} overrode the gate: {request.reason} (gate: {why})"
    rollout.write_verdict(registry, request.version, Verdict.OVERRIDDEN, reason)


def _move(settings: Settings, registry: Registry, request: Request) -> ScorerEvent:
    """Make a version the champion; returns what the ledger says of who did so and why."""
    digest = registry.tags(request.version).get(BUNDLE_DIGEST)
    # Before the alias moves: the scorer's own event then comes after it.
    asked = _record(settings, request, digest)
    registry.set_alias(CHAMPION, request.version)
    return asked


def _tag(registry: Registry, before: int | None, request: Request, at_ms: int) -> None:
    tag_deployment(registry, before, request.version, by=request.by, reason=request.reason, at_ms=at_ms)


def _record(settings: Settings, request: Request, digest: str | None = None) -> ScorerEvent:
    event = ScorerEvent(
        kind="champion_set",
        scorer_id="promotion",
        at_ms=now_ms(),
        model_version=request.version,
        by=request.by,
        reason=request.reason,
        bundle_digest=digest,
    )
    write_event(settings, event)
    return event


def _answer(settings: Settings, before: int | None, version: int, asked: ScorerEvent) -> ScorerEvent:
    # The scorer says nothing about a version that it has already.
    return wait_for_model(settings, version, None if before == version else asked, settings.promotion_timeout_seconds)


def _promoted(event: ScorerEvent, before: int | None, asked: ScorerEvent) -> Promoted:
    return Promoted(event, before, max(event.at_ms - asked.at_ms, 0) / 1000)


def _move_back(
    settings: Settings,
    registry: Registry,
    before: int | None,
    request: Request,
    asked: ScorerEvent,
    error: BaseException,
) -> None:
    """Make the champion before champion again, if nobody else has moved the alias since.

    Raises PromotionError, which tells of both errors, where MLflow does not let it.
    """
    if before == request.version:
        return
    try:
        if registry.version(CHAMPION) == request.version and not _moved_since(settings, asked):
            if before is None:
                registry.delete_alias(CHAMPION)
            else:
                registry.set_alias(CHAMPION, before)
                with suppress(FraudPlatformError):  # Kafka may be what failed, and the caller tells of it
                    _record(settings, Request(before, "promotion", f"moved back: {error}"))
        rollout.stop(registry, request.version, f"not taken: {error}")
    except FraudPlatformError as second:
        raise PromotionError(f"{error}; the alias was not moved back: {second}") from error


def _moved_since(settings: Settings, asked: ScorerEvent) -> bool:
    """Whether somebody else asked for a champion after this promotion did."""
    try:
        events = [event for event in scorer_events(settings) if event.kind == "champion_set"]
    except FraudPlatformError:
        return False
    return asked in events and events[-1] != asked
