"""What the demo sends once its live traffic has ended."""

import pandas as pd

from fraud_platform.cli.demo.traffic import due_reports


def test_reports_that_are_sent_already_or_still_to_come_are_not_due() -> None:
    reports = pd.DataFrame({"transaction_id": ["late", "sent", "early", "future"], "reported_at_ms": [20, 5, 10, 30]})
    assert list(due_reports(reports, {"sent"}, until_ms=30)["transaction_id"]) == ["early", "late"]
