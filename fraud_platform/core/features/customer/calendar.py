"""When the event happened, in UTC."""

from fraud_platform.core.features.customer.rows import Columns, CustomerRows
from fraud_platform.core.time import DAY_MS, HOUR_MS


def columns(rows: CustomerRows) -> Columns:
    times_ms = rows.own_time_ms[rows.new]
    hour = times_ms // HOUR_MS % 24
    weekday = (times_ms // DAY_MS + 3) % 7  # 1970-01-01 was a Thursday
    return {"hour": hour, "weekday": weekday, "is_weekend": weekday >= 5, "is_night": hour <= 6}
