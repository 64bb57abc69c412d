"""A registered version's way to all customers: which step is due next, and the marks that it leaves on the version.

    registered ──gate──► challenger (looks on) ──► canary (decides on CANARY_PERCENT) ──► champion
                   └───► refused

The decision is pure (`next_step`). What is remembered stands in MLflow: the aliases, and
the tags that this module sets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from fraud_platform.core.canary import AlertCounts
from fraud_platform.operations.aliases import CANARY, CHALLENGER
from fraud_platform.storage.registry import Registry

GATE, GATE_REASON = "gate", "gate_reason"
"""Tags of a version: the gate's verdict, and what it rests on."""
STOPPED = "rollout_stopped"
"""Tag of a version that was sent back, rolled back or not taken: why. It gets no alias again by itself."""
LONGEST_TAG = 1_000
"""Characters of a reason in a tag."""


class Verdict(StrEnum):
    """What the gate says of a version; the values stand in the tag GATE."""

    WAITING = "waiting"
    REFUSED = "refused"
    PASSED = "passed"
    OVERRIDDEN = "overridden"
    """A person let it through against the gate."""

    @property
    def lets_through(self) -> bool:
        return self in (Verdict.PASSED, Verdict.OVERRIDDEN)


class GatedVersion(NamedTuple):
    """A registered version and how it stands with the gate."""

    version: int
    verdict: Verdict
    reason: str = ""
    """The checks that refused it, with their numbers, or those that have not run on it."""
    stopped: str | None = None
    """The tag STOPPED."""
    was_deployed: bool = False
    promotion: str | None = None
    """State of its last promotion run: 'running', 'failed' or None."""


class Limits(NamedTuple):
    """The settings that decide how long a version looks on, and on how many it decides."""

    shadow_min_rows: int
    canary_percent: float
    canary_min_rows: int
    canary_alert_factor: float


@dataclass(frozen=True)
class RolloutState:
    """All that the next step depends on."""

    newest: GatedVersion | None
    """The version that was registered last."""
    champion: int | None = None
    challenger: GatedVersion | None = None
    canary: GatedVersion | None = None
    counts: Mapping[str, AlertCounts] = field(default_factory=dict)
    """By alias: what both models made of the same rows since the version got it."""
    alarm: str | None = None
    """Why promotions are held."""


class Action(StrEnum):
    """What is done with the step's version."""

    WAIT = "wait"
    REFUSE = "refuse"
    """Write the gate's reasons on it."""
    CHALLENGE = "challenge"
    """Let it look on."""
    TRY = "try"
    """Let it decide on CANARY_PERCENT."""
    PROMOTE = "promote"
    STOP = "stop"
    """Take its alias away for good, and write down why."""
    TIDY = "tidy"
    """Take away an alias that has no meaning any more."""


class Step(NamedTuple):
    """The step that is due, and why. The reason stays the same as long as nothing changes for a reader."""

    action: Action
    reason: str
    version: int | None = None


def next_step(state: RolloutState, limits: Limits) -> Step:
    """The one step that is due. A version that is on its way is brought to its end before the next one begins."""
    if state.canary is not None:
        return _canary_step(state.canary, state, limits)
    if state.challenger is not None:
        return _challenger_step(state.challenger, state, limits)
    return _newest_step(state.newest, state)


def _canary_step(canary: GatedVersion, state: RolloutState, limits: Limits) -> Step:
    counts = state.counts.get(CANARY, AlertCounts())
    if step := _astray(canary, state, counts, limits):
        return step
    if not limits.canary_percent:
        return Step(
            Action.WAIT,
            f"version {canary.version} is the canary and CANARY_PERCENT is 0, so it decides on nobody: set it, or "
            "remove the alias canary",
            canary.version,
        )
    if counts.rows < limits.canary_min_rows:
        what = f"decides on {limits.canary_percent:g} % of customers"
        return _watch(canary.version, what, counts.rows, limits.canary_min_rows, "CANARY_MIN_ROWS")
    return Step(
        Action.PROMOTE,
        f"passed the gate; as canary {counts.version} alerts on {counts.rows} transactions, the champion "
        f"{counts.champion} on the same",
        canary.version,
    )


def _challenger_step(challenger: GatedVersion, state: RolloutState, limits: Limits) -> Step:
    counts = state.counts.get(CHALLENGER, AlertCounts())
    if step := _astray(challenger, state, counts, limits):
        return step
    if counts.rows < limits.shadow_min_rows:
        return _watch(challenger.version, "looks on", counts.rows, limits.shadow_min_rows, "SHADOW_MIN_ROWS")
    if limits.canary_percent:
        return Step(Action.TRY, f"looked on at {counts.rows} transactions", challenger.version)
    looked_on = f"; looked on at {counts.rows} transactions" if limits.shadow_min_rows else ""
    return Step(Action.PROMOTE, f"passed every check of the gate{looked_on}", challenger.version)


def _astray(found: GatedVersion, state: RolloutState, counts: AlertCounts, limits: Limits) -> Step | None:
    """The step where a version must not go on, or not now; None where it may."""
    version = found.version
    if version == state.champion or found.stopped is not None:
        return Step(Action.TIDY, found.stopped or f"version {version} is the champion", version)
    if not found.verdict.lets_through:
        return Step(Action.STOP, f"has not passed the gate: {found.reason}", version)
    if state.champion is not None and version < state.champion:
        return Step(Action.STOP, f"is not newer than the champion, version {state.champion}", version)
    if reason := counts.out_of_band(limits.canary_alert_factor):
        return Step(Action.STOP, reason, version)
    return _held(found, state)


def _held(found: GatedVersion, state: RolloutState) -> Step | None:
    """The step where its promotion has begun already, or an alarm stands; None where neither is so."""
    version = found.version
    if found.promotion == "running":
        return Step(Action.WAIT, f"version {version} is being promoted", version)
    if found.promotion == "failed":
        return Step(Action.STOP, "its promotion failed: see the runs of promote_model", version)
    if state.alarm:
        return Step(Action.WAIT, f"version {version} is held until the alarm is cleared: {state.alarm}", version)
    return None


def _newest_step(newest: GatedVersion | None, state: RolloutState) -> Step:
    if newest is None:
        return Step(Action.WAIT, "no model has been registered yet")
    version = newest.version
    if reason := _no_candidate(newest, state):
        return Step(Action.WAIT, f"{reason}: the next version is waited for", version)
    if newest.verdict is Verdict.WAITING:
        return Step(Action.WAIT, f"version {version} waits for the gate: {newest.reason}", version)
    if newest.verdict is Verdict.REFUSED:
        return Step(Action.REFUSE, newest.reason, version)
    if held := _held(newest, state):
        return held
    if state.champion is None:
        return Step(Action.PROMOTE, "passed every check of the gate; the first model of all", version)
    return Step(Action.CHALLENGE, "passed every check of the gate", version)


def _no_candidate(newest: GatedVersion, state: RolloutState) -> str | None:
    """Why the newest version is none, in words."""
    version, champion = newest.version, state.champion
    if version == champion:
        return f"version {version} is the champion"
    if newest.stopped is not None:
        return f"version {version} was stopped ({newest.stopped})"
    if champion is not None and version < champion:
        return f"version {version} is not newer than the champion, version {champion}"
    if newest.was_deployed:
        return f"version {version} was the champion before"
    return None


def _watch(version: int, what: str, rows: int, wanted: int, setting: str) -> Step:
    """Tenths only, so that the reason does not change with every batch."""
    tenths = 10 * rows // wanted
    return Step(
        Action.WAIT, f"version {version} {what} until {setting}={wanted:,} transactions are seen ({tenths}0 %)", version
    )


def stop(registry: Registry, version: int, reason: str) -> None:
    """Take the aliases on the way to champion from a version, for good."""
    registry.set_tags(version, {STOPPED: reason[:LONGEST_TAG]})
    tidy(registry, version)


def tidy(registry: Registry, version: int) -> None:
    """Take the aliases on the way to champion from a version, where it has them."""
    for alias in (CHALLENGER, CANARY):
        registry.take_alias(alias, version)


def write_verdict(registry: Registry, version: int, verdict: Verdict, reason: str) -> None:
    """Write the gate's verdict on a version, where it is another one than before."""
    tags = registry.tags(version)
    wanted = {GATE: str(verdict), GATE_REASON: reason[:LONGEST_TAG]}
    if any(tags.get(name) != value for name, value in wanted.items()):
        registry.set_tags(version, wanted)


def write_verdict_passed(registry: Registry, version: int) -> None:
    """Write on a version that the gate let it through, unless a person did."""
    if verdict_of(registry.tags(version)) != Verdict.OVERRIDDEN:
        write_verdict(registry, version, Verdict.PASSED, "every check passed")


def verdict_of(tags: Mapping[str, str]) -> Verdict | None:
    """The verdict in a version's tags; None where it has none, as what a release before 0.2 registered."""
    return Verdict(tags[GATE]) if tags.get(GATE) in set(Verdict) else None
