"""Decoded fraud reports as the frame that `core.reports` joins and ranks."""

from collections.abc import Iterable

import pandas as pd

from fraud_platform.messages.schemas import Label

_COLUMNS = ["transaction_id", "customer_id", "source", "is_fraud", "reported_at_ms"]


def report_frame(labels: Iterable[Label]) -> pd.DataFrame:
    """One row a report, in their order; customer_id, which the message calls key, and source may be null."""
    rows = [(x.transaction_id, x.key, x.source, x.is_fraud, x.reported_at_ms) for x in labels]
    return pd.DataFrame(rows, columns=_COLUMNS)
