"""What Kafka's own errors mean to a person: the setting or the right at fault, in one line."""

import re

from confluent_kafka import KafkaError

from fraud_platform.errors import AccessDeniedError, ExactlyOnceError, FraudPlatformError, ServiceUnavailableError
from fraud_platform.settings import Settings

_LOGIN = {KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED}
RIGHTS = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
}
_SILENT = {KafkaError.REQUEST_TIMED_OUT, KafkaError.NETWORK_EXCEPTION, KafkaError.BROKER_NOT_AVAILABLE}
"""Of a broker that has no answer from others."""
FENCED = {KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH}
"""Of a transaction that its writer no longer has: another one took over, or it stood still for too long."""
FINAL = {*_LOGIN, KafkaError._SSL}
"""Errors that no further attempt mends, though librdkafka makes them until its time is up."""

_JAVA = re.compile(r"org\.apache\.kafka\.common\.errors\.(\w+): ([^\n]+)")
_JAVA_CODES = {
    "SaslAuthenticationException": KafkaError.SASL_AUTHENTICATION_FAILED,
    "SslAuthenticationException": KafkaError._SSL,
    "TopicAuthorizationException": KafkaError.TOPIC_AUTHORIZATION_FAILED,
    "GroupAuthorizationException": KafkaError.GROUP_AUTHORIZATION_FAILED,
}


def kafka_failure(settings: Settings, error: KafkaError, action: str) -> FraudPlatformError:
    """The error to raise where Kafka refused an action, such as 'read transactions'."""
    broker = f"Kafka at KAFKA_BROKER={settings.kafka_broker}"
    user = f"KAFKA_USERNAME={settings.kafka_username or ''}"
    words = " ".join(error.str().split())
    if error.code() in _LOGIN:
        return AccessDeniedError(
            f"{broker} refuses {user} ({words}): correct KAFKA_USERNAME, KAFKA_PASSWORD or KAFKA_SASL_MECHANISM"
        )
    if error.code() == KafkaError._SSL:
        return AccessDeniedError(
            f"no secure connection to {broker} ({words}): correct KAFKA_SECURITY_PROTOCOL, or set KAFKA_CA_FILE to "
            "the authority that signed the broker's certificate"
        )
    if error.code() in RIGHTS:
        return AccessDeniedError(
            f"{broker} does not let {user} {action} ({words}): grant the right, docs/operations.md lists them"
        )
    if error.code() in FENCED:
        return ExactlyOnceError(
            "another scorer has taken over the output of this one's checkpoint: let only one of them run "
            "on the same DATA_DIR and KAFKA_GROUP_ID"
        )
    if error.code() > 0 and error.code() not in _SILENT:  # the broker's own; librdkafka's are negative
        return ServiceUnavailableError(f"{broker} answers, and refuses to {action} ({error.name()}: {words})")
    return ServiceUnavailableError(
        f"{broker} does not answer, cannot {action} ({words}): "
        "start a local one with 'fraud up', or correct KAFKA_BROKER"
    )


def topic_failure(topic: str, error: KafkaError) -> FraudPlatformError:
    """The error to raise where a topic is not there or may not be read."""
    if error.code() in RIGHTS:
        return AccessDeniedError(
            f"KAFKA_USERNAME may not read topic {topic} ({error.str()}): grant the right, docs/operations.md lists them"
        )
    return ServiceUnavailableError(f"topic {topic} cannot be read: {error.str()}; create it with 'fraud up'")


def spark_kafka_failure(settings: Settings, error: BaseException) -> FraudPlatformError | None:
    """The same for what a Java client said inside Spark's message; None where it is about something else."""
    for name, words in _JAVA.findall(str(error)):
        if name in _JAVA_CODES:
            return kafka_failure(settings, KafkaError(_JAVA_CODES[name], words), f"read {settings.kafka_topic}")
    return None
