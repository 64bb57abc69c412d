"""The comparison of stream and batch over the predictions topic itself, without a run of Dagster."""

import msgspec

from fraud_platform.messages.schemas import encode
from fraud_platform.operations.parity import recent_parity
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.kafka import create_topics, producer
from fraud_platform.storage.lake import Lake
from fraud_platform_tests.support import feature_lake
from fraud_platform_tests.support.predictions import decision
from fraud_platform_tests.support.simulated_world import FEATURE_NAMES, FEATURE_SET


def test_predictions_on_the_topic_are_compared_where_no_comparison_is_recent(broker, settings):
    lake = Lake(settings)
    feature_lake.fill(lake)
    feature_lake.fill_transactions(lake)
    create_topics(settings)
    send_predictions(settings, feature_lake.feature_rows(FEATURE_SET.hash).slice(0, 500))
    parity = recent_parity(settings, lake, now_ms() - 3_600_000)
    assert parity.holds and (parity.scored, parity.parity.rows) == (500, 500)
    assert recent_parity(settings, lake, now_ms() + 60_000).scored == 0
    wrong = feature_lake.feature_rows(FEATURE_SET.hash).slice(500, 10)
    send_predictions(settings, wrong, moved=1.0)
    assert not recent_parity(settings, lake, now_ms() - 3_600_000).holds


def send_predictions(settings, rows, moved: float = 0.0) -> None:
    """Predictions on rows of features/transactions, with the features moved by so much; and a message that is none."""
    kafka = producer(settings)
    for row in rows.to_pylist():
        kafka.produce(
            settings.kafka_predictions_topic,
            encode(
                msgspec.structs.replace(
                    decision(0, 0.5),
                    transaction_id=row["transaction_id"],
                    event_time_ms=row["event_time_ms"],
                    source_partition=row["kafka_partition"],
                    source_offset=row["kafka_offset"],
                    scored_at_ms=now_ms(),
                    feature_set=row["feature_set"],
                    features=[row[name] + moved for name in FEATURE_NAMES],
                )
            ),
        )
    kafka.produce(settings.kafka_predictions_topic, b"garbage")
    assert kafka.flush(30) == 0
