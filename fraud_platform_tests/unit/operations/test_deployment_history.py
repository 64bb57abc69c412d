"""From events to versions in force."""

from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.operations.deployment_history import Deployment, deployments, version_before
from fraud_platform.operations.ledger import last_answer


def loaded(version: int, at_ms: int, *offsets: int) -> ScorerEvent:
    places = {str(partition): offset for partition, offset in enumerate(offsets)}
    return ScorerEvent(kind="model_loaded", scorer_id="s", at_ms=at_ms, model_version=version, from_offsets=places)


def asked(version: int, by: str, reason: str) -> ScorerEvent:
    return ScorerEvent(kind="champion_set", scorer_id="promotion", at_ms=0, model_version=version, by=by, reason=reason)


def refused(version: int, at_ms: int) -> ScorerEvent:
    return ScorerEvent(kind="model_refused", scorer_id="s", at_ms=at_ms, model_version=version, reason="is broken")


def test_each_version_scores_up_to_where_the_next_one_begins():
    first, second = deployments(
        [asked(1, "ann", "first"), loaded(1, 10, 0, 0), asked(2, "sensor", "better"), loaded(2, 20, 7, 9)]
    )
    assert first == Deployment(1, {"0": 0, "1": 0}, {"0": 7, "1": 9}, 10, 20, "ann", "first", event=1)
    assert second == Deployment(2, {"0": 7, "1": 9}, None, 20, None, "sensor", "better", event=3)


def test_a_restart_goes_on_with_the_version_and_is_counted():
    (deployment,) = deployments([loaded(1, 10, 0), loaded(1, 15, 4), loaded(1, 17, 5)])
    assert (deployment.from_offsets, deployment.since_ms, deployment.starts) == ({"0": 0}, 10, 3)


def test_a_refused_version_was_never_in_force():
    assert [r.version for r in deployments([loaded(1, 10, 0), asked(2, "ann", "try"), refused(2, 15)])] == [1]


def test_an_alias_that_was_moved_by_hand_has_nobody_behind_it():
    (deployment,) = deployments([loaded(1, 10, 0)])
    assert deployment.by is None and deployment.reason is None


def test_the_last_word_on_a_version_counts():
    events = [asked(1, "ann", "first"), loaded(1, 1, 0), loaded(2, 2, 5), asked(1, "bob", "back"), loaded(1, 3, 9)]
    assert [(r.version, r.by) for r in deployments(events)] == [(1, "ann"), (2, None), (1, "bob")]


def test_whoever_asked_for_a_version_once_is_not_behind_its_later_deployments():
    events = [asked(1, "ann", "first"), loaded(1, 1, 0), loaded(2, 2, 5), loaded(1, 3, 9)]
    assert [r.by for r in deployments(events)] == ["ann", None, None]
    events = [loaded(1, 1, 0), asked(2, "ann", "try"), asked(1, "promotion", "moved back"), loaded(2, 2, 5)]
    assert [r.by for r in deployments([*events, loaded(1, 3, 9)])] == [None, None, "promotion"]


def test_a_restart_between_question_and_answer_changes_nothing():
    assert deployments([loaded(1, 1, 0), asked(2, "ann", "try"), loaded(1, 2, 5), loaded(2, 3, 9)])[-1].by == "ann"


def test_the_version_before_is_the_one_that_the_champion_replaced_first():
    found = deployments([loaded(1, 1, 0), loaded(2, 2, 1), loaded(3, 3, 2)])
    assert version_before(found, 3) == 2
    assert version_before(found, 4) == 3, "a champion that no scorer took leaves the one in force"
    assert version_before(found[:1], 1) is None


def test_a_second_rollback_does_not_return_to_what_the_first_one_sent_away():
    found = deployments([loaded(version, at_ms, at_ms) for at_ms, version in enumerate([4, 5, 6, 5])])
    assert version_before(found, 5) == 4
    assert version_before(found[1:], 5) is None


def test_an_answer_follows_the_question_whatever_the_clocks_say():
    question, before, after = asked(1, "ann", "try"), loaded(1, 99, 0), loaded(1, -99, 5)
    assert last_answer([before], 1, question) is None, "what was asked is not visible yet"
    assert last_answer([before, question], 1, question) is None
    assert last_answer([before, question, loaded(2, 1, 0), after], 1, question) is after


def test_without_a_question_the_last_word_on_a_version_is_the_answer():
    assert last_answer([loaded(1, 1, 0), refused(1, 2), loaded(2, 3, 0)], 1, None) == refused(1, 2)
    assert last_answer([loaded(2, 1, 0)], 1, None) is None
