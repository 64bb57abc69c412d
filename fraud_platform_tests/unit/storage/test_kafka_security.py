"""One block of settings, two clients: librdkafka's options and Java's say the same."""

import pytest

from fraud_platform.errors import AccessDeniedError
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import client_config, spark_options
from fraud_platform.storage.kafka_errors import spark_kafka_failure

CLOUD = {
    "kafka_broker": "broker.example:9092",
    "kafka_security_protocol": "SASL_SSL",
    "kafka_username": "key",
    "kafka_password": 'a"b\\c;',
}


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_both_clients_log_in_as_the_same_user(mechanism: str) -> None:
    settings = Settings(_env_file=None, kafka_sasl_mechanism=mechanism, **CLOUD)
    native, java = client_config(settings), spark_options(settings)
    assert native["sasl.password"] == CLOUD["kafka_password"]
    for name in ("security.protocol", "sasl.mechanism", "bootstrap.servers"):
        assert java[f"kafka.{name}"] == native[name]
    login = r'required username="key" password="a\"b\\c;";'
    assert java["kafka.sasl.jaas.config"].endswith(login)
    assert mechanism.startswith("SCRAM") == ("ScramLoginModule" in java["kafka.sasl.jaas.config"])


def test_without_settings_nothing_is_sent_but_the_protocol() -> None:
    settings = Settings(_env_file=None)
    assert not [name for name in client_config(settings) if "sasl" in name or "ssl" in name]
    assert not [name for name in spark_options(settings) if "sasl" in name or "ssl" in name]


def test_what_spark_says_about_kafka_becomes_one_line() -> None:
    settings = Settings(_env_file=None, **CLOUD)
    words = "Job aborted\n\tat org.apache.kafka.common.errors.TopicAuthorizationException: Not authorized: [t]\n\tat x"
    failure = spark_kafka_failure(settings, RuntimeError(words))
    assert isinstance(failure, AccessDeniedError)
    assert "\n" not in str(failure)
    assert "Not authorized: [t]" in str(failure)
    assert spark_kafka_failure(settings, RuntimeError("a bug")) is None
