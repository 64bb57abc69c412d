"""Through shadow and canary to champion, by what the scorer counted; and the alarm that holds every version."""

import dagster as dg
import msgspec

from fraud_platform.core.canary import AlertCounts
from fraud_platform.defs.monitoring.sensors import alert_rate_sensor
from fraud_platform.messages.schemas import ScorerEvent
from fraud_platform.operations import observed_alerts
from fraud_platform.operations.alert_rate import FEWEST_PREDICTIONS, NEWEST_OFFSETS
from fraud_platform.operations.aliases import CANARY, CHALLENGER, CHAMPION
from fraud_platform.operations.batch_marker import BatchOffsets
from fraud_platform.operations.ledger import scorer_events, write_event
from fraud_platform.operations.observed_alerts import Observed
from fraud_platform.storage.kafka import producer
from fraud_platform_tests.support.rollout_ticks import evaluate, register, tick
from streaming.output.sink import TransactionalSink


def test_through_shadow_and_canary_by_the_scorer_s_own_counts(instance, make_platform):
    platform = make_platform(shadow_min_rows=100, canary_percent=5, canary_min_rows=50)
    settings, registry = platform.settings, platform.registry
    registry.set_alias(CHAMPION, 2)
    register(instance, 3)
    evaluate(instance, 3)
    sink = started(settings)
    assert "is the challenger" in tick(instance, platform)
    assert "until SHADOW_MIN_ROWS=100 transactions are seen (00 %)" in tick(instance, platform)
    observe(sink, 0, CHALLENGER, Observed(3, 2, AlertCounts(99, 1, 1)))
    assert "(90 %)" in tick(instance, platform)
    observe(sink, 1, CHALLENGER, Observed(3, 2, AlertCounts(100, 1, 1)))
    assert tick(instance, platform) == "version 3 is the canary: it looked on at 100 transactions"
    assert (registry.version(CANARY), registry.version(CHALLENGER)) == (3, None)
    assert "until CANARY_MIN_ROWS=50" in tick(instance, platform), "it begins at none"
    sink.close()
    sink = TransactionalSink(settings, QUERY)  # a scorer that starts again finds the counts
    assert observed_alerts.from_note(sink.note[observed_alerts.NOTE]) == {
        CHALLENGER: Observed(3, 2, AlertCounts(100, 1, 1))
    }
    observe(sink, 2, CANARY, Observed(3, 2, AlertCounts(50, 2, 2)))
    request = tick(instance, platform)
    assert request.run_config["ops"]["make_champion"]["config"]["version"] == 3
    assert "as canary 2 alerts on 50 transactions" in request.run_config["ops"]["make_champion"]["config"]["reason"]
    sink.close()


def test_a_challenger_whose_alerts_leave_the_band_is_stopped_and_not_picked_again(instance, make_platform):
    platform = make_platform(shadow_min_rows=100)
    registry = platform.registry
    registry.set_alias(CHAMPION, 2)
    register(instance, 3)
    evaluate(instance, 3)
    sink = started(platform.settings)
    tick(instance, platform)
    observe(sink, 0, CHALLENGER, Observed(3, 2, AlertCounts(90, 1, 60)))
    sink.close()
    assert "version 3 is stopped: 60 alerts on 90 transactions" in tick(instance, platform)
    assert registry.version(CHALLENGER) is None
    assert "was stopped (60 alerts" in tick(instance, platform)


QUERY = "0f0e0d0c-0000-4000-8000-000000000001"


def started(settings) -> TransactionalSink:
    """The output of a scorer whose query has begun."""
    sink = TransactionalSink(settings, QUERY)
    write_event(settings, ScorerEvent(kind="started", scorer_id="s", at_ms=1, consumer_group=sink.identity))
    return sink


def observe(sink: TransactionalSink, batch_id: int, alias: str, observed: Observed) -> None:
    note = {observed_alerts.NOTE: observed_alerts.to_note({alias: observed})}
    start, end = ({partition: batch_id + n for partition in (0, 1)} for n in (0, 1))
    sink.write(batch_id, [], BatchOffsets(start, end), note)


def test_an_alert_rate_over_its_limit_holds_a_version_until_it_has_fallen(instance, platform):
    register(instance, 3)
    evaluate(instance, 3)
    decide(platform, alerts=FEWEST_PREDICTIONS // 2, others=FEWEST_PREDICTIONS // 2)
    assert [watch(instance, platform) for _ in range(2)] == [
        "the share of alerts is over ALERT_RATE_LIMIT: promotions are held"
    ] * 2
    held = tick(instance, platform)
    assert "version 3 is held" in held and "500 of the newest 1,000" in held

    decide(platform, alerts=0, others=NEWEST_OFFSETS)
    assert watch(instance, platform) == "no alarm"
    assert tick(instance, platform).run_key.startswith("promote-3-")
    assert [e.kind for e in scorer_events(platform.settings)] == ["alarm_raised", "alarm_cleared"]


def decide(platform, alerts: int, others: int) -> None:
    """Predictions, of which only the decision counts here."""
    kafka = producer(platform.settings)
    for is_fraud in [True] * alerts + [False] * others:
        kafka.produce(platform.settings.kafka_predictions_topic, msgspec.json.encode({"is_fraud": is_fraud}), b"c")
    assert kafka.flush(30) == 0


def watch(instance, platform) -> str:
    return alert_rate_sensor(dg.build_sensor_context(instance, resources={"platform": platform})).skip_message
