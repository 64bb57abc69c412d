"""From a registration to a promotion, sensor by sensor, on a real event log, Kafka and MLflow."""

import dagster as dg
import pytest

from fraud_platform.defs.models.candidate_run import REGISTERED
from fraud_platform.defs.models.checks import GATE
from fraud_platform.defs.models.jobs import VERSION_TAG
from fraud_platform.defs.models.sensors import registered_model_sensor
from fraud_platform.operations import rollout
from fraud_platform.operations.aliases import CHALLENGER, CHAMPION
from fraud_platform_tests.support.rollout_ticks import evaluate, register, tick


def gate_requests(instance, cursor: str | None = None) -> tuple[list[dict], str | None]:
    """What a tick of the asset sensor requests, and its cursor after that."""
    data = registered_model_sensor.evaluate_tick(dg.build_sensor_context(instance, cursor=cursor))
    return [request.run_config["ops"]["gate"]["config"] for request in data.run_requests or []], data.cursor


def test_each_registration_gets_a_gate_of_its_own_once(instance):
    assert gate_requests(instance) == ([], None)
    register(instance, 1)
    requests, cursor = gate_requests(instance)
    assert requests == [{"version": 1}]
    assert gate_requests(instance, cursor)[0] == []
    for version in (2, 3):  # both between two ticks
        register(instance, version)
    requests, cursor = gate_requests(instance, cursor)
    assert requests == [{"version": 2}, {"version": 3}]
    assert gate_requests(instance, cursor)[0] == []


def test_dagster_shows_it_as_an_asset_sensor():
    assert isinstance(registered_model_sensor, dg.AssetSensorDefinition)
    assert registered_model_sensor.asset_key == REGISTERED


def test_the_first_model_of_all_is_promoted_without_a_shadow(instance, make_platform):
    platform = make_platform(shadow_min_rows=1000, canary_percent=5)
    register(instance, 1)
    evaluate(instance, 1)
    request = tick(instance, platform)
    assert request.run_config["ops"]["make_champion"]["config"]["version"] == 1
    assert request.tags[VERSION_TAG] == "1"
    assert platform.registry.tags(1)[rollout.GATE] == "passed"
    assert platform.registry.version(CHALLENGER) is None


def test_a_later_one_becomes_challenger_first_and_is_promoted_once(instance, platform):
    platform.registry.set_alias(CHAMPION, 2)
    register(instance, 3)
    evaluate(instance, 3)
    assert tick(instance, platform) == "version 3 passed the gate and is the challenger"
    assert platform.registry.version(CHALLENGER) == 3
    first, second = tick(instance, platform), tick(instance, platform)
    assert first.run_config["ops"]["make_champion"]["config"] == {
        "version": 3,
        "reason": "passed every check of the gate",
    }
    assert first.run_key == second.run_key, "Dagster launches a key once"


@pytest.mark.parametrize("name", [key.name for key in GATE])
def test_each_check_can_refuse_a_version_which_then_has_the_reason_and_no_alias(instance, platform, name):
    platform.registry.set_alias(CHAMPION, 2)
    register(instance, 3)
    evaluate(instance, 3, failed=name)
    told = f"version 3 was refused: {name} failed (by 0.01)"
    assert [tick(instance, platform) for _ in range(2)] == [told] * 2
    tags = platform.registry.tags(3)
    assert (tags[rollout.GATE], tags[rollout.GATE_REASON]) == ("refused", f"{name} failed (by 0.01)")
    assert platform.registry.version(CHALLENGER) is None and platform.registry.version(CHAMPION) == 2


@pytest.mark.parametrize("name", [key.name for key in GATE])
def test_a_check_that_has_not_run_is_waited_for(instance, platform, name):
    register(instance, 3)
    evaluate(instance, 3, left_out=name)
    assert tick(instance, platform) == f"version 3 waits for the gate: {name} has not run on it yet"
    evaluate(instance, 3)
    assert tick(instance, platform).run_key.startswith("promote-3-"), "executed later, it counts as well"


def test_what_the_gate_of_an_earlier_release_let_through_is_not_stopped_for_checks_it_did_not_have(instance, platform):
    platform.registry.set_alias(CHAMPION, 2)
    platform.registry.set_alias(CHALLENGER, 3)
    platform.registry.set_tags(3, {rollout.GATE: "passed"})
    register(instance, 3)
    evaluate(instance, 3, left_out="has_enough_frauds")
    assert tick(instance, platform).run_key.startswith("promote-3-")
    evaluate(instance, 3, failed="has_enough_frauds")
    assert "has not passed the gate: has_enough_frauds failed" in tick(instance, platform)


def test_checks_that_pass_when_they_run_again_let_a_refused_version_through(instance, platform):
    register(instance, 3)
    evaluate(instance, 3, failed=GATE[0].name)
    assert "was refused" in tick(instance, platform)
    evaluate(instance, 3)
    assert tick(instance, platform).run_key.startswith("promote-3-")
    assert platform.registry.tags(3)[rollout.GATE] == "passed"


def test_a_result_counts_for_the_version_that_it_names_and_for_no_other(instance, platform):
    register(instance, 3)
    evaluate(instance, 3)
    register(instance, 4)
    assert tick(instance, platform).startswith("version 4 waits for the gate")
    evaluate(instance, 4)
    evaluate(instance, 3, failed=GATE[0].name)  # somebody judges the older one again
    assert tick(instance, platform).run_key.startswith("promote-4-")


def test_results_of_a_former_registry_s_version_of_the_same_number_do_not_count(instance, platform):
    register(instance, 1)
    evaluate(instance, 1)
    register(instance, 1)
    assert tick(instance, platform).startswith("version 1 waits for the gate")


@pytest.mark.parametrize("version", [1, 2])
def test_a_version_no_newer_than_the_champion_is_left_alone(instance, platform, version):
    platform.registry.set_alias(CHAMPION, 2)
    register(instance, version)
    evaluate(instance, version)
    assert "the next version is waited for" in tick(instance, platform)
    assert platform.registry.version(CHALLENGER) is None


def test_the_alias_that_a_former_release_gave_to_every_version_is_taken_from_a_refused_one(instance, platform):
    registry = platform.registry
    registry.set_alias(CHAMPION, 2)
    registry.set_alias(CHALLENGER, 3)
    register(instance, 3)
    evaluate(instance, 3, failed="is_calibrated")
    assert "has not passed the gate: is_calibrated failed" in tick(instance, platform)
    assert registry.version(CHALLENGER) is None


def test_nothing_happens_before_a_model_is_registered(instance, platform):
    assert tick(instance, platform) == "no model has been registered yet"
