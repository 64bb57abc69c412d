"""Kafka under SASL_SSL with ACLs: the same settings serve both clients, and each refusal is one clear line."""

import signal
import subprocess
import sys
from collections.abc import Sequence

import pytest

from fraud_platform.errors import AccessDeniedError, ServiceUnavailableError
from fraud_platform.feeding.messages import Disturbances, Message, transaction_messages
from fraud_platform.local.environment import service_environment
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import admin_client, committed_reader, create_topics, producer
from fraud_platform.storage.kafka_offsets import partitions, read_range, watermarks
from fraud_platform.storage.registry import Registry
from fraud_platform_tests.integration.full.secure_kafka import PASSWORDS
from fraud_platform_tests.support import bundles
from fraud_platform_tests.support.ports import free_ports
from fraud_platform_tests.support.scorer_process import ScorerProcess
from fraud_platform_tests.support.waiting import wait_until


@pytest.fixture
def topics(secured, make_settings) -> Settings:
    """Settings of the user with the platform's rights; the administrator has made the topics."""
    settings = make_settings(**secured.settings())
    create_topics(settings.model_copy(update=secured.login("admin")))
    secured.grant(settings)
    return settings


def send(settings: Settings, count: int) -> None:
    kafka = producer(settings)
    for n in range(count):
        kafka.produce(settings.kafka_topic, str(n), str(n))
    assert kafka.flush(30) == 0


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "PLAIN"])
def test_both_mechanisms_write_and_read(secured, topics, mechanism):
    settings = topics.model_copy(update=secured.login("fraud", mechanism))
    assert create_topics(settings) == []  # they are there, so no right to create is asked for
    send(settings, 20)
    with committed_reader(settings) as consumer:
        read = list(read_range(consumer, settings.kafka_topic, watermarks(consumer, settings.kafka_topic)))
    assert sorted(int(message.value()) for message in read) == list(range(20))


def refusals(secured, topics, tmp_path) -> dict[str, Settings]:
    other = tmp_path / "other.pem"
    new_key = ["-newkey", "rsa:2048", "-noenc", "-keyout", "/dev/null"]
    command = ["openssl", "req", "-x509", *new_key, "-subj", "/CN=other", "-out", str(other)]
    subprocess.run(command, check=True, capture_output=True)
    return {
        "password": topics.model_copy(update={"kafka_password": type(topics.kafka_password)("wrong")}),
        "authority": topics.model_copy(update={"kafka_ca_file": other}),
        "rights": topics.model_copy(update=secured.login("stranger")),
        "topic": topics.model_copy(update={"kafka_topic": "nowhere", **secured.login("admin")}),
    }


EXPECTED = {
    "password": (AccessDeniedError, "refuses KAFKA_USERNAME=fraud .*correct KAFKA_USERNAME, KAFKA_PASSWORD"),
    "authority": (AccessDeniedError, "no secure connection.*certificate verify failed.*set KAFKA_CA_FILE"),
    "rights": (AccessDeniedError, "may not read topic .*Topic authorization failed.*grant the right"),
    "topic": (ServiceUnavailableError, "topic nowhere cannot be read.*create it"),
}


@pytest.mark.parametrize("what", EXPECTED)
def test_a_refusal_is_one_line_that_names_the_setting_or_the_right(secured, topics, tmp_path, what):
    settings = refusals(secured, topics, tmp_path)[what]
    kind, words = EXPECTED[what]
    with pytest.raises(kind, match=words) as refused:
        admin_client(settings)
        with committed_reader(settings) as consumer:
            partitions(consumer, settings.kafka_topic)
    assert "\n" not in str(refused.value)


def test_a_user_who_may_not_create_is_told_so(secured, make_settings):
    settings = make_settings(**secured.settings())
    with pytest.raises(AccessDeniedError, match="does not let KAFKA_USERNAME=fraud create "):
        create_topics(settings)


def test_the_scorer_ends_with_one_line(secured, topics, tmp_path):
    (metrics,) = free_ports(1)
    settings = refusals(secured, topics, tmp_path)["password"].model_copy(update={"metrics_port": metrics})
    command = [sys.executable, "-m", "streaming"]
    ended = subprocess.run(command, env=service_environment(settings), capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    (error,) = [line for line in ended.stderr.splitlines() if " ERROR " in line]
    assert "refuses KAFKA_USERNAME=fraud" in error
    assert "Traceback" not in ended.stderr
    assert settings.kafka_password.get_secret_value() not in ended.stderr


@pytest.fixture
def scorer(topics, mlflow_server):
    spark_ui, metrics = free_ports(2)
    process = ScorerProcess(topics.model_copy(update={"spark_ui_port": spark_ui, "metrics_port": metrics}))
    yield process
    if process.is_running():
        process.end(signal.SIGKILL)


def scored(settings: Settings) -> int:
    """Predictions that a reader of committed messages sees."""
    with committed_reader(settings) as consumer:
        topic = settings.kafka_predictions_topic
        return len(list(read_range(consumer, topic, watermarks(consumer, topic))))


def send_transactions(settings: Settings, messages: Sequence[Message]) -> None:
    kafka = producer(settings)
    for message in messages:
        kafka.produce(settings.kafka_topic, message.value, message.key, timestamp=message.send_ms)
    assert kafka.flush(30) == 0


def wait_for_predictions(settings: Settings, scorer: ScorerProcess, count: int) -> None:
    wait_until(lambda: not scorer.is_running() or scored(settings) >= count, "the predictions")
    assert scorer.is_running(), (settings.log_dir / "scorer.log").read_text()[-2000:]
    assert scored(settings) == count


def test_the_scorer_needs_no_more_rights_than_are_documented(topics, scorer, tmp_path):
    Registry(topics).set_alias(CHAMPION, bundles.register(topics, tmp_path / "bundle"))
    messages = sorted(transaction_messages(bundles.transactions(2), Disturbances()))
    send_transactions(topics, messages)
    scorer.start()
    wait_for_predictions(topics, scorer, len(messages))
    assert scorer.end(signal.SIGTERM) == 0
    log = (topics.log_dir / "scorer.log").read_text()
    assert topics.kafka_password.get_secret_value() not in log


def test_an_expired_login_ends_the_scorer_with_one_line_and_a_valid_one_goes_on(secured, topics, scorer, tmp_path):
    Registry(topics).set_alias(CHAMPION, bundles.register(topics, tmp_path / "bundle"))
    messages = sorted(transaction_messages(bundles.transactions(2), Disturbances()))
    send_transactions(topics, messages[:100])
    scorer.start()
    wait_for_predictions(topics, scorer, 100)
    secured.change_password("fraud", "another one")
    try:
        wait_until(lambda: not scorer.is_running(), "the scorer to end")
    finally:
        secured.change_password("fraud", PASSWORDS["fraud"])
    assert scorer.exit_code() == 2
    log = (topics.log_dir / "scorer.log").read_text()
    (error,) = [line for line in log.splitlines() if " ERROR streaming: " in line]
    assert "refuses KAFKA_USERNAME=fraud" in error
    send_transactions(topics, messages[100:200])
    scorer.start()
    wait_for_predictions(topics, scorer, 200)
    assert scorer.end(signal.SIGTERM) == 0
