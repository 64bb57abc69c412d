"""The lake on S3: written by deltalake and by Spark, read by both, away and back, and with keys that are refused."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date

import psutil
import pyarrow as pa
import pytest

from fraud_platform.errors import AccessDeniedError, ServiceUnavailableError
from fraud_platform.pipeline import tables
from fraud_platform.resources.spark import LazySpark
from fraud_platform.settings import Settings
from fraud_platform.storage import spark as spark_storage
from fraud_platform.storage.lake import Lake, days_predicate

TABLE = tables.LABELS
DAYS = [date(2026, 1, day) for day in (1, 2, 3)]


@pytest.fixture
def on_s3(s3, make_settings) -> Settings:
    """Settings of a lake in a bucket of the test's own."""
    settings = make_settings(**s3.settings())
    bucket = settings.model_name
    s3.create_bucket(bucket)
    return settings.model_copy(update={"minio_bucket": bucket})


def rows(value: int, days: list[date] = DAYS) -> pa.Table:
    return pa.table({"date": days, "value": [value] * len(days)})


def values(lake: Lake) -> dict[date, int]:
    return {row["date"]: row["value"] for row in lake.read(TABLE).to_pylist()}


def command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []  # ended meanwhile


def test_days_are_replaced_by_deltalake_and_by_spark_in_one_table(on_s3, fresh_jvm, monkeypatch):
    lake = Lake(on_s3)
    lake.replace_days(TABLE, rows(1), DAYS[0], DAYS[-1])
    session = LazySpark(on_s3).session
    secret = on_s3.minio_secret_key.get_secret_value()
    assert not [p for p in psutil.process_iter() if any(secret in argument for argument in command_line(p))]
    frame = session.createDataFrame([(DAYS[1], 2)], "date date, value long")
    monkeypatch.setattr(spark_storage, "DRIVER_ROWS", 0)  # so that Spark writes, not the driver
    spark_storage.replace_days(frame, lake, TABLE, DAYS[1], DAYS[1], expected_rows=1)
    assert values(lake) == {DAYS[0]: 1, DAYS[1]: 2, DAYS[2]: 1}
    lake.replace_days(TABLE, rows(3, DAYS[2:]), DAYS[2], DAYS[2])
    read = session.read.format("delta").load(lake.spark_uri(TABLE)).where(days_predicate(DAYS[1], DAYS[2]))
    assert sorted(map(tuple, read.select("date", "value").collect())) == [(DAYS[1], 2), (DAYS[2], 3)]


def test_an_outage_in_the_middle_of_a_write_is_one_line_and_leaves_the_table_as_it_was(s3, on_s3):
    lake = Lake(on_s3)
    version = lake.replace_days(TABLE, rows(1), DAYS[0], DAYS[-1])
    with ExitStack() as outage:

        def written() -> Iterator[pa.RecordBatch]:
            yield from rows(2, DAYS[:2]).to_batches()
            outage.enter_context(s3.server.away())
            yield from rows(2, DAYS[2:]).to_batches()

        batches = pa.RecordBatchReader.from_batches(rows(2).schema, written())
        with pytest.raises(ServiceUnavailableError, match="does not answer") as told:
            lake.replace_days(TABLE, batches, DAYS[0], DAYS[-1])
        assert "\n" not in str(told.value)
    assert (lake.version(TABLE), values(lake)) == (version, dict.fromkeys(DAYS, 1))


def test_an_outage_is_one_line_and_leaves_the_table_as_it_was(s3, on_s3):
    lake = Lake(on_s3)
    version = lake.replace_days(TABLE, rows(1), DAYS[0], DAYS[-1])
    with s3.server.away():
        for attempt in (lambda: lake.read(TABLE), lambda: lake.replace_days(TABLE, rows(2), DAYS[0], DAYS[-1])):
            with pytest.raises(ServiceUnavailableError, match=f"MINIO_HOST=127.0.0.1:{s3.port} does not answer") as e:
                attempt()
            assert "\n" not in str(e.value)
    assert (lake.version(TABLE), values(lake)) == (version, dict.fromkeys(DAYS, 1))
    assert lake.replace_days(TABLE, rows(2), DAYS[0], DAYS[-1]) == version + 1


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"minio_secret_key": "wrong"}, AccessDeniedError, "refuses MINIO_ACCESS_KEY=access .*correct"),
        ({"minio_access_key": "stranger"}, AccessDeniedError, "refuses MINIO_ACCESS_KEY=stranger"),
        ({"minio_bucket": "nowhere"}, ServiceUnavailableError, "no bucket MINIO_BUCKET=nowhere: create it"),
    ],
    ids=["secret", "key", "bucket"],
)
def test_a_refusal_is_one_line_that_names_the_setting(s3, on_s3, make_settings, change, error, words):
    Lake(on_s3).replace_days(TABLE, rows(1), DAYS[0], DAYS[-1])
    wrong = Lake(make_settings(**{**s3.settings(), "minio_bucket": on_s3.minio_bucket, **change}))
    for attempt in (wrong.version, wrong.exists, lambda name: wrong.replace_days(name, rows(2), DAYS[0], DAYS[0])):
        with pytest.raises(error, match=words) as refused:
            attempt(TABLE)
        assert "\n" not in str(refused.value)
        assert "wrong" not in str(refused.value)
