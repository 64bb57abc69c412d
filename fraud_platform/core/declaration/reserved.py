"""Names that columns of the lake's tables have already, so that no field or feature may have them."""

_PLACE = ("date", "kafka_partition", "kafka_offset", "kafka_timestamp_ms")
FIELDS = frozenset((*_PLACE, "topic", "key", "value", "field", "reason"))
"""Columns beside the fields, of accepted and of rejected messages."""
FEATURES = frozenset(
    (
        *_PLACE,
        *("transaction_id", "customer_id", "event_time_ms", "feature_set", "entity", "value", "amount_at_stake"),
        *("row", "blocked", "split", "label", "synthetic"),
    )
)
"""Columns beside the features, of the tables of features and of training."""
