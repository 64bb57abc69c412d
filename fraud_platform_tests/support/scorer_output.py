"""Waiting for what a scorer writes."""

from fraud_platform.settings import Settings
from fraud_platform_tests.support.kafka_outcome import predictions, read
from fraud_platform_tests.support.waiting import wait_until


def wait_for(settings: Settings, scored: int, rejected: int = 0) -> None:
    """Until at least so many predictions and dead letters are visible to committed readers."""

    def is_out() -> bool:
        letters = read(settings, settings.kafka_dead_letter_topic)
        return len(predictions(settings)) >= scored and len(letters) >= rejected

    wait_until(is_out, f"{scored} predictions and {rejected} dead letters")
