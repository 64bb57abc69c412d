"""Live performance counts what was known at the day the labels are mature, version by version."""

from datetime import UTC, date, datetime

import pandas as pd

from fraud_platform.core.performance import live_performance

SCORED, AS_OF = date(2026, 3, 1), date(2026, 3, 9)
AS_OF_MS = int(datetime(2026, 3, 9, tzinfo=UTC).timestamp() * 1000)


def predictions(*rows: tuple[int, str, bool, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["model_version", "transaction_id", "is_fraud", "probability"])
    return table.assign(customer_id="c")


def reports(*rows: tuple[str, bool, int]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["transaction_id", "is_fraud", "reported_at_ms"])
    return table.assign(customer_id=None, source=None, date=pd.to_datetime(table["reported_at_ms"], unit="ms").dt.date)


def test_each_version_is_judged_on_its_own_predictions():
    made = predictions((1, "a", True, 0.9), (1, "b", True, 0.8), (1, "c", False, 0.1), (2, "d", False, 0.2))
    known = reports(("a", True, AS_OF_MS - 1), ("c", True, AS_OF_MS - 1))
    first, second = live_performance(made, known, SCORED, AS_OF).to_pylist()
    assert (first["transactions"], first["frauds"], first["alerts"]) == (3, 2, 2)
    assert (first["precision"], first["recall"]) == (0.5, 0.5)
    assert first["average_precision"] == (1 / 1 + 2 / 3) / 2
    assert (second["model_version"], second["frauds"], second["recall"], second["average_precision"]) == (
        2,
        0,
        None,
        None,
    )


def test_a_report_of_the_day_itself_is_not_known_yet():
    (row,) = live_performance(
        predictions((1, "a", True, 0.9)), reports(("a", True, AS_OF_MS)), SCORED, AS_OF
    ).to_pylist()
    assert (row["frauds"], row["precision"]) == (0, 0.0)


def test_a_day_without_predictions_has_no_row():
    assert live_performance(predictions(), reports(), SCORED, AS_OF).num_rows == 0
