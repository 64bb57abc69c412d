"""The ledger: which model version scored which offsets, since when, at whose word and why. Pure, from the events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from fraud_platform.schemas import ScorerEvent

Offsets = dict[str, int]


@dataclass(frozen=True)
class Reign:
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


def reigns(events: Iterable[ScorerEvent]) -> list[Reign]:
    """From all events, oldest first, the versions in force one after another."""
    found: list[Reign] = []
    asked: ScorerEvent | None = None
    for event in events:
        if event.kind == "champion_set":
            asked = event
        elif event.kind == "model_loaded":
            if found and found[-1].version == event.model_version:
                found[-1] = replace(found[-1], starts=found[-1].starts + 1)
            else:
                _take_over(found, event, asked)
                if asked and asked.model_version == event.model_version:
                    asked = None  # whoever moves the alias in MLflow from here on is not known
    return found


def _take_over(found: list[Reign], event: ScorerEvent, asked: ScorerEvent | None) -> None:
    version, offsets = event.model_version or 0, event.from_offsets or {}
    if found:
        found[-1] = replace(found[-1], to_offsets=offsets, until_ms=event.at_ms)
    by, reason = (asked.by, asked.reason) if asked and asked.model_version == version else (None, None)
    found.append(Reign(version, offsets, None, event.at_ms, None, by, reason))


def version_before(found: list[Reign], champion: int | None) -> int | None:
    """The version that was in force before the champion first was; None where there was none.

    What came after that may be what a rollback to the champion sent away.
    """
    first = next((place for place, reign in enumerate(found) if reign.version == champion), len(found))
    return found[first - 1].version if first else None


def last_answer(events: Sequence[ScorerEvent], version: int, asked: ScorerEvent | None) -> ScorerEvent | None:
    """The scorer's last word on a version, taken or refused, from all events, oldest first; None where there is none.

    asked: only what follows this event counts; None for whatever stands there. Their order
    tells, and not their times, which are those of several machines' clocks.
    """
    if asked is not None:
        if asked not in events:  # a transaction that is still open hides it
            return None
        events = events[events.index(asked) + 1 :]
    answers = (event for event in reversed(events) if event.kind in ("model_loaded", "model_refused"))
    return next((event for event in answers if event.model_version == version), None)
