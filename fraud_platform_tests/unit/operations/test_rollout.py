"""Which step is due for a registered version: every state that the rollout can be in, as a table."""

import pytest

from fraud_platform.core.canary import AlertCounts
from fraud_platform.operations.aliases import CANARY, CHALLENGER, CHAMPION
from fraud_platform.operations.rollout import (
    GATE,
    STOPPED,
    Action,
    GatedVersion,
    Limits,
    RolloutState,
    Verdict,
    next_step,
    stop,
    tidy,
    verdict_of,
    write_verdict,
    write_verdict_passed,
)

NO_WAIT = Limits(shadow_min_rows=0, canary_percent=0, canary_min_rows=1000, canary_alert_factor=3)
SLOW = Limits(shadow_min_rows=500, canary_percent=5, canary_min_rows=1000, canary_alert_factor=3)
GOOD, BAD = AlertCounts(2000, 20, 22), AlertCounts(2000, 20, 150)


def passed(version: int, **marks) -> GatedVersion:
    return GatedVersion(version, Verdict.PASSED, **marks)


def refused(version: int, **marks) -> GatedVersion:
    return GatedVersion(version, Verdict.REFUSED, "is_calibrated failed (1.8 times the frauds)", **marks)


def waiting(version: int, **marks) -> GatedVersion:
    return GatedVersion(version, Verdict.WAITING, "is_calibrated has not run on it yet", **marks)


NEWEST = [
    ("nothing is registered", RolloutState(None), Action.WAIT, "no model has been registered yet"),
    ("the gate has not run", RolloutState(waiting(3), 2), Action.WAIT, "version 3 waits for the gate: is_calibrated"),
    ("the gate refuses", RolloutState(refused(3), 2), Action.REFUSE, "1.8 times the frauds"),
    ("the gate refuses the first model", RolloutState(refused(1)), Action.REFUSE, "1.8 times the frauds"),
    ("the gate passes", RolloutState(passed(3), 2), Action.CHALLENGE, "passed every check"),
    ("the first model of all", RolloutState(passed(1)), Action.PROMOTE, "the first model of all"),
    ("it is the champion", RolloutState(passed(3), 3), Action.WAIT, "version 3 is the champion"),
    ("it is older", RolloutState(passed(2), 3), Action.WAIT, "version 2 is not newer than the champion, version 3"),
    ("it was rolled back", RolloutState(passed(3, stopped="by ann"), 2), Action.WAIT, "version 3 was stopped (by ann)"),
    ("it was deployed before", RolloutState(passed(3, was_deployed=True), 2), Action.WAIT, "was the champion before"),
    ("an alarm stands", RolloutState(passed(3), 2, alarm="700 of 1,000"), Action.WAIT, "held until the alarm"),
    ("it is being promoted", RolloutState(passed(1, promotion="running")), Action.WAIT, "is being promoted"),
    ("its promotion failed", RolloutState(passed(1, promotion="failed")), Action.STOP, "its promotion failed"),
    ("a person let it through", RolloutState(GatedVersion(3, Verdict.OVERRIDDEN), 2), Action.CHALLENGE, "passed"),
]


@pytest.mark.parametrize(("state", "action", "reason"), [case[1:] for case in NEWEST], ids=[case[0] for case in NEWEST])
def test_the_newest_version(state, action, reason):
    step = next_step(state, NO_WAIT)
    assert step.action is action and reason in step.reason
    assert step.version == (state.newest and state.newest.version)


def challenging(found: GatedVersion, counts: AlertCounts | None = None, **state) -> RolloutState:
    return RolloutState(found, 2, challenger=found, counts={CHALLENGER: counts} if counts else {}, **state)


def trying(found: GatedVersion, counts: AlertCounts | None = None, **state) -> RolloutState:
    return RolloutState(found, 2, canary=found, counts={CANARY: counts} if counts else {}, **state)


ON_THEIR_WAY = [
    ("a challenger need not wait", challenging(passed(3)), NO_WAIT, Action.PROMOTE, "passed every check"),
    ("it waits for rows", challenging(passed(3), AlertCounts(260, 1, 1)), SLOW, Action.WAIT, "(50 %)"),
    ("it waits for its first row", challenging(passed(3)), SLOW, Action.WAIT, "SHADOW_MIN_ROWS=500 transactions"),
    ("it has looked on", challenging(passed(3), GOOD), SLOW, Action.TRY, "looked on at 2000"),
    ("without a canary", challenging(passed(3), GOOD), SLOW._replace(canary_percent=0), Action.PROMOTE, "at 2000"),
    ("its alerts leave the band", challenging(passed(3), BAD), SLOW, Action.STOP, "150 alerts"),
    ("the gate refuses it after all", challenging(refused(3)), NO_WAIT, Action.STOP, "has not passed the gate"),
    ("its alias was set by hand", challenging(waiting(3)), NO_WAIT, Action.STOP, "has not passed the gate"),
    ("it is older", challenging(passed(1)), NO_WAIT, Action.STOP, "is not newer"),
    ("it was stopped before", challenging(passed(3, stopped="by ann")), NO_WAIT, Action.TIDY, "by ann"),
    ("it is the champion", challenging(passed(2)), NO_WAIT, Action.TIDY, "is the champion"),
    ("an alarm stands", challenging(passed(3), alarm="700 of 1,000"), NO_WAIT, Action.WAIT, "held until the alarm"),
    ("it is being promoted", challenging(passed(3, promotion="running")), NO_WAIT, Action.WAIT, "is being promoted"),
    ("its promotion failed", challenging(passed(3, promotion="failed")), NO_WAIT, Action.STOP, "failed"),
    ("a canary waits for rows", trying(passed(3), AlertCounts(999, 9, 9)), SLOW, Action.WAIT, "(90 %)"),
    ("it has proven itself", trying(passed(3), GOOD), SLOW, Action.PROMOTE, "22 alerts on 2000 transactions"),
    ("its alerts leave the band", trying(passed(3), BAD), SLOW, Action.STOP, "150 alerts"),
    ("it was refused", trying(refused(3), GOOD), SLOW, Action.STOP, "has not passed the gate"),
    ("canaries were switched off", trying(passed(3), GOOD), NO_WAIT, Action.WAIT, "CANARY_PERCENT is 0"),
    ("it was sent back", trying(passed(3, stopped="too many"), GOOD), SLOW, Action.TIDY, "too many"),
]


@pytest.mark.parametrize(
    ("state", "limits", "action", "reason"),
    [case[1:] for case in ON_THEIR_WAY],
    ids=[f"{'canary' if case[1].canary else 'challenger'}: {case[0]}" for case in ON_THEIR_WAY],
)
def test_a_version_on_its_way(state, limits, action, reason):
    step = next_step(state, limits)
    assert step.action is action and reason in step.reason


def test_a_version_on_its_way_is_brought_to_its_end_before_the_next_one_begins():
    state = RolloutState(passed(4), 2, challenger=passed(3), counts={CHALLENGER: AlertCounts(10, 0, 0)})
    assert next_step(state, SLOW).version == 3
    assert next_step(RolloutState(passed(4), 2, passed(4), passed(3)), SLOW).version == 3


def test_a_reason_stays_the_same_while_nothing_changes_for_a_reader():
    reasons = {next_step(challenging(passed(3), AlertCounts(n, 0, 0)), SLOW).reason for n in range(500)}
    assert len(reasons) == 10


class Versions:
    """A registry in memory."""

    def __init__(self) -> None:
        self.of: dict[int, dict[str, str]] = {3: {}}
        self.aliases: dict[str, int] = {}
        self.written = 0

    def tags(self, version):
        return dict(self.of[version])

    def set_tags(self, version, tags):
        self.written += 1
        self.of[version] |= tags

    def take_alias(self, alias, version):
        return self.aliases.get(alias) == version and bool(self.aliases.pop(alias))


def test_a_stopped_version_loses_the_aliases_on_its_way_and_no_other_does():
    registry = Versions()
    registry.aliases = {CANARY: 3, CHALLENGER: 4, CHAMPION: 3}
    stop(registry, 3, "x" * 5000)
    assert registry.aliases == {CHALLENGER: 4, CHAMPION: 3}
    assert registry.of[3][STOPPED] == "x" * 1000
    tidy(registry, 4)
    assert registry.aliases == {CHAMPION: 3}


def test_a_verdict_is_written_once_and_a_person_s_is_not_written_over():
    registry = Versions()
    for _ in range(3):
        write_verdict(registry, 3, Verdict.REFUSED, "not calibrated")
    assert registry.written == 1 and verdict_of(registry.tags(3)) is Verdict.REFUSED
    write_verdict(registry, 3, Verdict.OVERRIDDEN, "ann")
    write_verdict_passed(registry, 3)
    assert verdict_of(registry.tags(3)) is Verdict.OVERRIDDEN


@pytest.mark.parametrize("tags", [{}, {GATE: ""}, {GATE: "Passed"}, {GATE: "yes"}])
def test_what_is_no_verdict_lets_nothing_through(tags):
    assert verdict_of(tags) is None
