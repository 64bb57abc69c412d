"""A service that refuses is not said to be silent, and what would be refused again is not said to be worth a retry."""

import pytest
from confluent_kafka import KafkaError
from deltalake.exceptions import DeltaError

from fraud_platform.errors import AccessDeniedError, ServiceUnavailableError
from fraud_platform.feeding.feed import _failure
from fraud_platform.settings import load_settings
from fraud_platform.storage.kafka_errors import kafka_failure
from fraud_platform.storage.s3 import s3_errors

SETTINGS = load_settings(kafka_broker="kafka:9092")


@pytest.mark.parametrize("code", [KafkaError.POLICY_VIOLATION, KafkaError.INVALID_CONFIG, KafkaError.INVALID_REQUEST])
def test_a_broker_that_refuses_is_said_to_answer(code):
    assert "answers, and refuses to create t" in str(kafka_failure(SETTINGS, KafkaError(code), "create t"))


@pytest.mark.parametrize(
    "code",
    [KafkaError._TRANSPORT, KafkaError._TIMED_OUT, KafkaError._ALL_BROKERS_DOWN, KafkaError.REQUEST_TIMED_OUT],
)
def test_a_broker_that_is_away_is_said_not_to_answer(code):
    assert "does not answer, cannot create t" in str(kafka_failure(SETTINGS, KafkaError(code), "create t"))


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        (KafkaError.INVALID_TIMESTAMP, ServiceUnavailableError, "would refuse them again"),
        (KafkaError.MSG_SIZE_TOO_LARGE, ServiceUnavailableError, "would refuse them again"),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, AccessDeniedError, "grant the right"),
        (KafkaError._MSG_TIMED_OUT, ServiceUnavailableError, "see 'fraud status'"),
    ],
)
def test_messages_that_are_not_taken_say_whether_a_retry_helps(code, error, words):
    failure = _failure(SETTINGS, [KafkaError(code)], undelivered=0)
    assert type(failure) is error and words in str(failure)
    assert "send" not in str(failure).partition("(")[2] or error is AccessDeniedError


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("S3 error: <Error><Code>PermanentRedirect</Code>", "answers with PermanentRedirect: correct"),
        ("S3 error: Connection refused", "does not answer"),
    ],
)
def test_an_s3_that_answers_is_told_by_its_answer(words, told):
    settings = load_settings(minio_host="s3:9000", minio_access_key="a", minio_secret_key="b")
    with pytest.raises(ServiceUnavailableError, match=told), s3_errors(settings):
        raise DeltaError(words)
