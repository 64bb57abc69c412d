"""What stands around the assets and is not made by them: the Kafka topics and the scorer."""

import dagster as dg

from fraud_platform.messages.schemas import Label, Prediction, ScorerEvent, ShadowPrediction, Transaction


def _topic(key: str, message: type, description: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        key,
        group_name="topics",
        kinds={"kafka"},
        description=f"{description} Messages: `{message.__name__}` in fraud_platform/messages/schemas.py.",
    )


transactions_topic = _topic("transactions_topic", Transaction, "Payment attempts, keyed by customer.")
fraud_labels_topic = _topic("fraud_labels_topic", Label, "Chargebacks and their reversals, days after the fact.")
fraud_predictions_topic = _topic(
    "fraud_predictions_topic", Prediction, "One prediction for each accepted transaction."
).replace_attributes(deps=["fraud_scorer"])
fraud_shadow_predictions_topic = _topic(
    "fraud_shadow_predictions_topic", ShadowPrediction, "What the model that did not decide makes of a transaction."
).replace_attributes(deps=["fraud_scorer"])
scorer_events_topic = _topic(
    "scorer_events_topic", ScorerEvent, "The scorer's ledger: which version scored which offsets."
).replace_attributes(deps=["fraud_scorer"])
transactions_dead_letter_topic = dg.AssetSpec(
    "transactions_dead_letter_topic",
    group_name="topics",
    kinds={"kafka"},
    deps=["fraud_scorer"],
    description="Messages that the scorer rejected, as received; field and reason in the headers.",
)
fraud_scorer = dg.AssetSpec(
    "fraud_scorer",
    group_name="serving",
    kinds={"spark", "kafka"},
    deps=["transactions_topic", "deployed_model", "merchant_risk"],
    description="The Spark Structured Streaming application `python -m streaming`: scores every transaction once.",
)
