"""When the event happened, in UTC."""

from fraud_platform.core.features.customer.rows import Columns, CustomerRows
from fraud_platform.core.features.declaration import of_customer
from fraud_platform.core.time import DAY_MS, HOUR_MS

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FEATURES = (
    of_customer(
        "hour", "", "hour", "hour of day of the event, UTC", "made between {value:.0f}:00 and {value:.0f}:59 UTC"
    ),
    of_customer(
        "weekday",
        "",
        "day",
        "day of week of the event, UTC, Monday 0",
        tuple(f"made on a {day}" for day in WEEKDAYS),
    ),
    of_customer(
        "is_weekend", "", "0/1", "Saturday or Sunday", "made on a weekend", words_if_default="made on a working day"
    ),
    of_customer(
        "is_night", "", "0/1", "hour of day at most 6", "made at night, UTC", words_if_default="made by day, UTC"
    ),
)


def columns(rows: CustomerRows) -> Columns:
    times_ms = rows.own_time_ms[rows.new]
    hour = times_ms // HOUR_MS % 24
    weekday = (times_ms // DAY_MS + 3) % 7  # 1970-01-01 was a Thursday
    return {"hour": hour, "weekday": weekday, "is_weekend": weekday >= 5, "is_night": hour <= 6}
