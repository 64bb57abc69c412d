"""Event rows of messages that the decoder took, as batch and stream make them."""

from collections.abc import Mapping, Sequence
from typing import Any

from fraud_platform.core.features.event_layout import EventArray
from fraud_platform_tests.support.simulated_world import LAYOUT


def events_of_messages(columns: Mapping[str, Sequence[Any]], arrivals_ms: Sequence[int]) -> EventArray:
    """columns: see messages.declared.decoder.Decoded."""
    return LAYOUT.rows_of(lambda field: field.encoded_column(columns[field.name]), arrivals_ms)
