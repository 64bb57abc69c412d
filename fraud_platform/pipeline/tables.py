"""The lake's tables: the asset that fills each, its columns, and what partitions it."""

import pyarrow as pa

from fraud_platform.core.features.matured_lookup import ENTITY, VALUE
from fraud_platform.core.monitoring.drift import FEATURE_DRIFT as FEATURE_DRIFT_COLUMNS
from fraud_platform.core.monitoring.drift import SCORE_DRIFT as SCORE_DRIFT_COLUMNS
from fraud_platform.core.performance import PERFORMANCE as PERFORMANCE_COLUMNS
from fraud_platform.declared import FEATURE_SET
from fraud_platform.messages.arrow_schemas import DATED_PLACE, LABEL, POSITION, PREDICTION, RAW, REJECTED, TRANSACTION
from fraud_platform.storage.lake import Table

_PLACE = [POSITION.field(name) for name in DATED_PLACE]
_OF_A_TOPIC = [
    ("topic", pa.string()),
    ("topic_id", pa.string()),
    ("date", pa.date32()),
    ("kafka_partition", pa.int32()),
]
AMOUNT = "amount" if FEATURE_SET.shows_amount else "amount_at_stake"
"""Column with the money of a transaction: the feature of that name, which is that very money, or one of its own."""
_FEATURES = [(name, pa.float64()) for name in FEATURE_SET.names]
_ROWS = [*_FEATURES, *([] if FEATURE_SET.shows_amount else [(AMOUNT, pa.float64())])]

RAW_TRANSACTIONS = Table("raw/transactions", "raw_transactions", RAW)
RAW_LABELS = Table("raw/labels", "raw_labels", RAW)
MIDNIGHTS = Table(
    "raw/midnights",
    "raw_transactions",
    pa.schema([*_OF_A_TOPIC, ("kafka_offset", pa.int64()), ("recorded_at_ms", pa.int64())]),
    partitioned_by="topic",
)
"""A row a midnight and partition: `kafka_offset` is the first of the day `date`."""
READINGS = Table(
    "raw/readings",
    "raw_transactions",
    pa.schema(
        [
            *_OF_A_TOPIC,
            ("first_offset", pa.int64()),
            ("end_offset", pa.int64()),
            ("read", pa.list_(pa.list_(pa.int64(), 2))),
            ("messages", pa.int64()),
        ]
    ),
    partitioned_by="topic",
)
TRANSACTIONS = Table("transactions", "transactions", TRANSACTION)
LABELS = Table("labels", "labels", LABEL)
REJECTIONS = Table("rejected", "rejected", REJECTED)
FEATURES = Table(
    "features/transactions",
    "transaction_features",
    pa.schema(
        [
            *_PLACE,
            ("transaction_id", pa.string()),
            ("customer_id", pa.string()),
            ("event_time_ms", pa.int64()),
            *_ROWS,
            ("feature_set", pa.string()),
        ]
    ),
)
"""`customer_id` is the key, whatever the declaration calls it, here and in the tables below."""
MERCHANT_RISK = Table(
    "features/merchant_risk",
    "merchant_risk",
    pa.schema(
        [
            (ENTITY, pa.string()),
            (VALUE, pa.string()),
            ("date", pa.date32()),
            *((one.feature.name, pa.float64()) for one in FEATURE_SET.matured_features),
        ]
    ),
)
"""A row for each value of an entity, such as a merchant, and as-of day `date`; other entities' features are null."""
VELOCITY = Table(
    "features/velocity",
    "velocity",
    pa.schema(
        [*_PLACE, ("entity", pa.string()), *((one.feature.name, pa.float64()) for one in FEATURE_SET.velocity.declared)]
    ),
)
"""A row for each transaction and entity that it names, duplicates left out; other entities' features are null."""
TRAINING_SET = Table(
    "training/set",
    "training_set",
    pa.schema(
        [
            ("row", pa.int64()),
            *_PLACE,
            ("transaction_id", pa.string()),
            ("customer_id", pa.string()),
            ("event_time_ms", pa.int64()),
            *_ROWS,
            ("blocked", pa.bool_()),
            ("split", pa.string()),
            ("label", pa.bool_()),
        ]
    ),
    partitioned_by=None,
)
"""`row` numbers the rows: a table has no order, and the order decides what a seed draws."""
RESAMPLED_TRAINING_SET = Table(
    "training/resampled",
    "resampled_training_set",
    pa.schema(
        [
            ("row", pa.int64()),
            ("transaction_id", pa.string()),
            ("label", pa.bool_()),
            ("synthetic", pa.bool_()),
            *_FEATURES,
        ]
    ),
    partitioned_by=None,
)
"""`transaction_id` is null in synthetic rows."""
PREDICTIONS = Table("serving/predictions", "scored_transactions", PREDICTION)
PERFORMANCE = Table("monitoring/performance", "model_performance", PERFORMANCE_COLUMNS)
FEATURE_DRIFT = Table("monitoring/feature_drift", "feature_drift", FEATURE_DRIFT_COLUMNS)
SCORE_DRIFT = Table("monitoring/score_drift", "score_drift", SCORE_DRIFT_COLUMNS)

ALL = (
    RAW_TRANSACTIONS,
    RAW_LABELS,
    MIDNIGHTS,
    READINGS,
    TRANSACTIONS,
    LABELS,
    REJECTIONS,
    FEATURES,
    MERCHANT_RISK,
    VELOCITY,
    TRAINING_SET,
    RESAMPLED_TRAINING_SET,
    PREDICTIONS,
    PERFORMANCE,
    FEATURE_DRIFT,
    SCORE_DRIFT,
)
