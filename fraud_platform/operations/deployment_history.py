"""Deployments, from the ledger: which version scored which offsets, since when, at whose word and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from fraud_platform.errors import PromotionError
from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.operations.ledger import scorer_events
from fraud_platform.settings import Settings
from fraud_platform.storage.registry import Registry

Offsets = dict[str, int]


@dataclass(frozen=True)
class Deployment:
    """One version in force, from a takeover to the next one; restarts in between do not end it."""

    version: int
    from_offsets: Offsets
    to_offsets: Offsets | None
    """First offsets that it did not score; None while it is in force."""
    since_ms: int
    until_ms: int | None
    by: str | None
    """Who or what moved the alias; None where it was moved in MLflow itself."""
    reason: str | None
    starts: int = 1
    """How often a scorer began with it, the takeover included."""
    event: int = 0
    """Which of the events began it, from 0 on."""


def deployments(events: Iterable[ScorerEvent]) -> list[Deployment]:
    """From all events, oldest first, the versions in force one after another."""
    found: list[Deployment] = []
    asked: ScorerEvent | None = None
    for number, event in enumerate(events):
        if event.kind == "champion_set":
            asked = event
        elif event.kind == "model_loaded":
            if found and found[-1].version == event.model_version:
                found[-1] = replace(found[-1], starts=found[-1].starts + 1)
            else:
                _take_over(found, event, asked, number)
                if asked and asked.model_version == event.model_version:
                    asked = None  # whoever moves the alias in MLflow from here on is not known
    return found


def _take_over(found: list[Deployment], event: ScorerEvent, asked: ScorerEvent | None, number: int) -> None:
    version, offsets = event.model_version or 0, event.from_offsets or {}
    if found:
        found[-1] = replace(found[-1], to_offsets=offsets, until_ms=event.at_ms)
    by, reason = (asked.by, asked.reason) if asked and asked.model_version == version else (None, None)
    found.append(Deployment(version, offsets, None, event.at_ms, None, by, reason, event=number))


def version_before(found: list[Deployment], champion: int | None) -> int | None:
    """The version that was in force before the champion first was; None where there was none.

    What came after that may be what a rollback to the champion sent away.
    """
    first = next((place for place, deployment in enumerate(found) if deployment.version == champion), len(found))
    return found[first - 1].version if first else None


def earlier_version(settings: Settings, registry: Registry) -> int:
    """The version that was in force before the champion first was; raises PromotionError where the ledger has none."""
    version = version_before(deployments(scorer_events(settings)), registry.version(CHAMPION))
    if version is None:
        raise PromotionError("the ledger knows no version before this one: name the one to go back to")
    return version


def offsets_as_text(offsets: Mapping[str, int] | None) -> str:
    """First offsets by partition, for a person to read.

    >>> offsets_as_text({"0": 1234, "1": 5})
    'offset 1,234 of partition 0, 5 of partition 1'
    """
    places = sorted((offsets or {}).items(), key=lambda place: int(place[0]))
    return "offset " + ", ".join(f"{offset:,} of partition {p}" for p, offset in places) if places else "the next one"
