"""Drift in the ledger: `drift_detected` once for each breach. It informs people, and holds no promotion."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from fraud_platform.core.listed import listed
from fraud_platform.core.time import day_of
from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.operations.ledger import scorer_events, write_event
from fraud_platform.pipeline import tables
from fraud_platform.settings import Settings
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.lake import Lake

DAYS_TOLD = 30
"""Older days are history that somebody has computed again."""
MOST_NAMED = 10
_NAMES = {tables.FEATURE_DRIFT: "feature", tables.SCORE_DRIFT: "measure"}


class Breach(NamedTuple):
    """What began to drift on a day: it had not on the day compared before."""

    asset: str
    model_version: int
    day: date
    names: tuple[str, ...]

    @property
    def event(self) -> ScorerEvent:
        return ScorerEvent(
            kind="drift_detected",
            scorer_id=self.asset,
            at_ms=now_ms(),
            model_version=self.model_version,
            day=self.day.isoformat(),
            reason=f"{listed(self.names, MOST_NAMED)} left the reference of version {self.model_version} on {self.day}",
        )


def breaches(rows: Iterable[dict[str, Any]], asset: str, name: str, since: date) -> list[Breach]:
    """Those in rows of a drift table that began on the day `since` or later; a drift that goes on is one breach."""
    by_day: dict[tuple[int, date], set[str]] = {}
    for row in rows:
        drifted = by_day.setdefault((row["model_version"], row["date"]), set())
        if row["drifted"]:
            drifted.add(row[name])
    found: list[Breach] = []
    before: dict[int, set[str]] = {}
    for (version, day), drifted in sorted(by_day.items()):
        if (begun := drifted - before.get(version, set())) and day >= since:
            found.append(Breach(asset, version, day, tuple(sorted(begun))))
        before[version] = drifted
    return found


def not_yet_told(found: Sequence[Breach], events: Iterable[ScorerEvent]) -> list[Breach]:
    """The breaches of which no event tells: a day that is computed again is not told of again."""
    told = {(e.scorer_id, e.model_version, e.day) for e in events if e.kind == "drift_detected"}
    return [breach for breach in found if (breach.asset, breach.model_version, breach.day.isoformat()) not in told]


def tell_of_drift(settings: Settings, lake: Lake) -> list[Breach]:
    """Write an event for each new breach of the last DAYS_TOLD days; returns them."""
    since = day_of(now_ms()) - timedelta(days=DAYS_TOLD)
    found: list[Breach] = []
    for table, name in _NAMES.items():
        if lake.exists(table):
            rows = lake.read(table, ["model_version", "date", name, "drifted"], since - timedelta(days=1))
            found += breaches(rows.to_pylist(), table.asset, name, since)
    new = not_yet_told(found, scorer_events(settings)) if found else []
    for breach in new:
        write_event(settings, breach.event)
    return new


def drift_tables_version(lake: Lake) -> str:
    """Changes whenever one of the drift tables is written."""
    return "/".join(str(lake.version(table)) if lake.exists(table) else "-" for table in _NAMES)
