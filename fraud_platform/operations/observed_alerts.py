"""How many alerts a new version and the champion raised on the same rows: counted by the scorer, kept in Kafka.

The scorer commits its counts with each batch, in the note of the batch's marker, so they
are exactly those of the predictions that are out, and outlive every process.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from fraud_platform.core.canary import AlertCounts
from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.operations.batch_marker import last_note
from fraud_platform.operations.ledger import scorer_events
from fraud_platform.settings import Settings

NOTE = "observed_alerts"
"""Name of the counts in the marker's note."""
MOST_GROUPS = 5
"""Starts that are looked at, however many somebody writes into the ledger."""


class Observed(msgspec.Struct, frozen=True):
    """Counts of one version since it has its alias, against one champion."""

    version: int
    champion: int
    counts: AlertCounts = AlertCounts()

    def matches(self, version: int | None, champion: int | None) -> bool:
        """Whether they are of these two: another champion, or version, begins with none."""
        return (self.version, self.champion) == (version, champion)


def to_note(observed: Mapping[str, Observed]) -> dict[str, Any]:
    """By alias, as the marker's note holds it."""
    return msgspec.to_builtins(dict(observed))


def from_note(note: Any) -> dict[str, Observed]:
    """The counts in a note; none where it has none, or what is there is of no use."""
    try:
        return msgspec.convert(note or {}, dict[str, Observed])
    except msgspec.ValidationError:
        return {}


def last_observed(settings: Settings, events: Iterable[ScorerEvent] | None = None) -> dict[str, Observed]:
    """The counts of the last batch of the query that started last; events: the ledger, oldest first.

    A start of which Kafka has no batch is passed over: its query wrote nothing yet, or it never was.
    """
    known = scorer_events(settings) if events is None else events
    groups = [event.consumer_group or "" for event in known if event.kind == "started"]
    newest = dict.fromkeys(group for group in reversed(groups) if group.startswith(f"{settings.kafka_group_id}-"))
    for group in list(newest)[:MOST_GROUPS]:
        if (note := last_note(settings, group)) is not None:
            return from_note(note.get(NOTE))
    return {}


def observed_alerts(
    settings: Settings, events: Iterable[ScorerEvent], versions: Mapping[str, int | None]
) -> dict[str, AlertCounts]:
    """By alias, the counts of the versions that have it now; events: as of `last_observed`."""
    found = last_observed(settings, events) if any(versions.values()) else {}
    return {
        alias: found[alias].counts
        for alias, version in versions.items()
        if alias in found and found[alias].version == version
    }
