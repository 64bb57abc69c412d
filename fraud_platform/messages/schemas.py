"""The messages on Kafka: fields, types, units and the JSON codec. No I/O.

Times are integer milliseconds since 1970-01-01 UTC, amounts are in the major unit of
the platform's one currency with two decimals.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fraud_platform.core.channels import Channel
from fraud_platform.core.declaration.fields.identity import LONGEST_TEXT

SCHEMA_VERSION = 1
MAX_AMOUNT = 10_000_000.0
MAX_CLOCK_SKEW_MS = 5 * 60 * 1000
"""An event may lie this far after its Kafka timestamp; a later one would freeze its customer's clock."""
MAX_LATENESS_MS = 7 * 24 * 3600 * 1000
"""An event older than this at arrival is rejected; it bounds the history that batch features read."""
FIRST_TIME_MS = 946_684_800_000  # 2000-01-01
LAST_TIME_MS = 4_102_444_800_000  # 2100-01-01

Identifier = Annotated[str, Meta(min_length=1, max_length=64)]
DeclaredId = Annotated[str, Meta(min_length=1, max_length=LONGEST_TEXT)]
"""An id or a key of transactions whose fields a declaration chooses."""
TimeMs = Annotated[int, Meta(ge=FIRST_TIME_MS, le=LAST_TIME_MS)]


class Transaction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One payment attempt. Kafka key: customer_id. Optional fields may be absent or null."""

    schema_version: Literal[1]
    transaction_id: Identifier
    customer_id: Identifier
    merchant_id: Identifier
    event_time_ms: TimeMs
    amount: Annotated[float, Meta(ge=0, le=MAX_AMOUNT)]
    device_id: Identifier | None = None
    channel: Channel | None = None
    country: Annotated[str, Meta(pattern=r"\A[A-Z]{2}\Z")] | None = None
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None


class Label(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A report on one transaction (a chargeback, its reversal, or a review). Kafka key: transaction_id.

    A chargeback outranks a review; among reports of one kind the newest known at a time holds.
    Without one a transaction counts as legitimate once it is LABEL_DELAY_DAYS old. Optional
    fields may be absent or null.
    """

    schema_version: Literal[1]
    transaction_id: DeclaredId
    is_fraud: bool
    reported_at_ms: TimeMs
    key: DeclaredId | None = None
    """The transaction's own key, its customer_id. Without it the report counts where one customer alone has the id."""
    source: Literal["chargeback", "review"] | None = None
    """Who says so; a chargeback where it is not said."""
    reviewer: Identifier | None = None
    note: Annotated[str, Meta(max_length=500)] | None = None


class Prediction(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The decision on one transaction, and all that is needed to reproduce it."""

    transaction_id: str
    customer_id: str
    event_time_ms: int
    probability: float
    threshold: float
    is_fraud: bool
    model_name: str
    model_version: int
    reasons: list[str]
    source_partition: int
    source_offset: int
    scored_at_ms: int
    merchant_risk_date: str | None
    """As-of date of the merchant_risk table that was looked up; None if there was none yet."""
    feature_set: str
    """Hash of the declared features; `features` are in their declared order."""
    features: list[float]


class ShadowPrediction(msgspec.Struct, frozen=True, kw_only=True):
    """What the model that did not decide makes of a transaction. Kafka key: customer_id. Nobody is to act on it."""

    role: Literal["shadow"] = "shadow"
    transaction_id: str
    customer_id: str
    event_time_ms: int
    probability: float
    threshold: float
    is_fraud: bool
    model_name: str
    model_version: int
    decided_by_version: int
    """Version whose decision, `decided_is_fraud`, is in the predictions topic."""
    decided_is_fraud: bool
    source_partition: int
    source_offset: int
    scored_at_ms: int


class ScorerEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the scorer's ledger."""

    kind: Literal[
        "started",
        "model_loaded",
        "model_refused",
        "challenger_loaded",
        "challenger_refused",
        "canary_loaded",
        "canary_refused",
        "canary_rolled_back",
        "champion_set",
        "alarm_raised",
        "alarm_cleared",
        "drift_detected",
        "letter_retried",
        "offsets_passed_over",
        "stopped",
    ]
    scorer_id: str
    at_ms: int
    model_version: int | None = None
    from_offsets: dict[str, int] | None = None
    """First offset of each partition of the transactions topic that the version, or the started query, scores."""
    to_offsets: dict[str, int] | None = None
    """First offset of each partition after those that are passed over, from `from_offsets` on."""
    reason: str | None = None
    by: str | None = None
    """Who asked for it, where a person did."""
    consumer_group: str | None = None
    """Of a started query: KAFKA_GROUP_ID and Spark's query id. Its offsets say where the output ends."""
    topic_id: str | None = None
    """Kafka's id of the transactions topic that a started query reads; one created anew has another."""
    letter: str | None = None
    """Dead letter that was sent again."""
    day: str | None = None
    """On which a drift began, as YYYY-MM-DD."""
    bundle_digest: str | None = None
    """Of the version's bundle: as registered in `champion_set`, as loaded in `model_loaded`."""


encode = msgspec.json.Encoder().encode
"""JSON bytes of any of the messages."""
