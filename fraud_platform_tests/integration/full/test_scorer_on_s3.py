"""The scorer with its lake on S3, which goes away under it and comes back."""

import signal
from collections import Counter
from datetime import timedelta

import msgspec
import pyarrow as pa
import pytest

from fraud_platform.feeding.messages import Disturbances, transaction_messages
from fraud_platform.messages.schemas import Prediction
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.pipeline import tables
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader, create_topics, producer
from fraud_platform.storage.kafka_offsets import read_range, watermarks
from fraud_platform.storage.lake import Lake
from fraud_platform.storage.registry import Registry
from fraud_platform_tests.support import bundles
from fraud_platform_tests.support.ports import free_ports
from fraud_platform_tests.support.simulated_world import MERCHANT_FEATURES
from fraud_platform_tests.support.waiting import wait_until


@pytest.fixture
def settings(broker, mlflow_server, s3, make_settings, tmp_path) -> Settings:
    spark_ui, metrics = free_ports(2)
    made = make_settings(spark_ui_port=spark_ui, metrics_port=metrics, **s3.settings())
    s3.create_bucket(made.model_name)
    made = made.model_copy(update={"minio_bucket": made.model_name})
    create_topics(made)
    day = bundles.FIRST_DAY + timedelta(days=1)
    risk = {"entity": ["merchant_id"], "value": ["m"], "date": [day], **{f.name: [0.0] for f in MERCHANT_FEATURES}}
    Lake(made).replace_days(tables.MERCHANT_RISK, pa.table(risk), day, day)
    Registry(made).set_alias(CHAMPION, bundles.register(made, tmp_path / "bundle"))
    return made


def scored(settings: Settings) -> Counter[str]:
    decode = msgspec.json.Decoder(Prediction).decode
    with committed_reader(settings) as consumer:
        topic = settings.kafka_predictions_topic
        return Counter(
            decode(m.value()).transaction_id for m in read_range(consumer, topic, watermarks(consumer, topic))
        )


def test_while_s3_is_away_the_scorer_says_so_in_one_line_and_goes_on_afterwards(settings, s3, scorer):
    messages = iter(sorted(transaction_messages(bundles.transactions(4), Disturbances())))
    kafka, sent = producer(settings), set()

    def send(count: int) -> None:
        for message in [m for _, m in zip(range(count), messages, strict=False)]:
            kafka.produce(settings.kafka_topic, message.value, message.key, timestamp=message.send_ms)
            sent.add(message.transaction_id)
        assert kafka.flush(30) == 0

    log = settings.log_dir / "scorer.log"
    send(100)
    scorer.start()
    wait_until(lambda: len(scored(settings)) == len(sent), "the first predictions")
    with s3.server.away():

        def noticed() -> bool:
            send(1)  # the lake is asked again every ten seconds at most, and only for a batch
            return " ERROR streaming: " in log.read_text()

        wait_until(noticed, "the scorer to notice")
    error = next(line for line in log.read_text().splitlines() if " ERROR streaming: " in line)
    assert f"S3 at MINIO_HOST={settings.minio_host} does not answer" in error
    wait_until(lambda: scored(settings) == dict.fromkeys(sent, 1), "each prediction, once")
    assert scorer.end(signal.SIGTERM) == 0
