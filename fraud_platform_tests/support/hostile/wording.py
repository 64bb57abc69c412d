"""What is said of a hostile message is short and prints."""

from fraud_platform.messages.diagnosis import MOST_FIELD, MOST_REASON


def assert_in_words(field: str, reason: str) -> None:
    assert 0 < len(field) <= MOST_FIELD and field.isprintable()
    assert 0 < len(reason) <= MOST_REASON and reason.isprintable()
