"""The books of a source topic: where each offset went, by day and partition, and every gap by name.

    offsets       = messages + without message (markers, aborted) + never read (deleted before anybody came)
    messages      = accepted + rejected
    accepted      = with features + duplicates
    with features = predicted + not predicted: before the scorer's first prediction, or after the last that is stored

All but the dead letters are read from the lake, so the books can be told long after Kafka has deleted the messages.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from fraud_platform.declared import FEATURE_SET
from fraud_platform.messages.arrow_schemas import DATED_PLACE, PLACE
from fraud_platform.messages.declared.envelope import DELETION
from fraud_platform.operations.dead_letters import all_letters
from fraud_platform.pipeline import tables
from fraud_platform.pipeline.lake_upgrade import refuse_former_tables
from fraud_platform.pipeline.readings import Reading, days_apart, gaps, readings
from fraud_platform.settings import Settings
from fraud_platform.storage.lake import Lake, Table

BY = DATED_PLACE[:2]


@dataclass(frozen=True)
class Account:
    """What came of a topic's messages."""

    topic: str
    books: pd.DataFrame
    """A row a day and partition, with the counts as columns; those of features are NA where none were computed."""
    gaps: Sequence[str]
    """What is missing."""
    pending: Sequence[str]
    """What is not done yet."""

    @property
    def balances(self) -> bool:
        """Whether something was counted, and nothing is missing."""
        return not self.books.empty and not self.gaps


def account_of_reports(settings: Settings, lake: Lake, first: date | None = None, last: date | None = None) -> Account:
    """The books of the topic of fraud reports for the days first to last, both included; all days by default."""
    topic = settings.kafka_labels_topic
    refuse_former_tables(lake)
    read = readings(lake, topic, first, last)
    books = _books(lake, read, tables.RAW_LABELS, tables.LABELS, topic)
    return Account(topic, books, [*_gaps_of_reading(topic, read), *_gaps_of_decoding(books, "labels")], [])


def account_of_transactions(
    settings: Settings,
    lake: Lake,
    first: date | None = None,
    last: date | None = None,
    letters: Sequence[tuple[int, int]] | None = None,
) -> Account:
    """The books of the transactions topic; letters: of `letter_places`, where dead letters are to be counted."""
    topic = settings.kafka_topic
    refuse_former_tables(lake)
    read = readings(lake, topic, first, last)
    books = _books(lake, read, tables.RAW_TRANSACTIONS, tables.TRANSACTIONS, topic)
    found = [*_gaps_of_reading(topic, read), *_gaps_of_decoding(books, "transactions")]
    if books.empty:
        return Account(topic, books, found, [])
    days = (books.index[0][0], books.index[-1][0])
    accepted = _accepted(lake, *days)
    computed = accepted["date"].isin(lake.dates(tables.FEATURES) if _has_features(lake) else [])
    by_line = accepted[computed].groupby(BY)[["features", "duplicates", "predictions"]].sum()
    books = books.join(by_line.astype("Int64"))
    found += _gaps_of_features(accepted[computed])
    found += _gaps_of_predictions(settings, lake, accepted[computed & accepted["features"]], days)
    if letters is not None:
        rejected = _places(lake, tables.REJECTIONS, *days, topic, [*DATED_PLACE, "reason"])
        rejected = rejected[rejected["reason"] != DELETION]
        of = pd.DataFrame(letters, columns=PLACE, dtype=np.int64)
        of["place"] = _packed(*(of[name] for name in PLACE))
        with_letter = rejected[rejected["place"].isin(of["place"])]
        books["letters"] = with_letter.groupby(BY).size().reindex(books.index, fill_value=0)
        found += _gaps_of_letters(rejected, of)
    without = accepted[~computed].groupby("date").size()
    pending = [f"{day}: no features of {count:,} transactions yet" for day, count in without.items()]
    return Account(topic, books, found, pending)


def letter_places(settings: Settings) -> list[tuple[int, int]]:
    """Partition and offset, in the transactions topic, of the message that each of the scorer's dead letters is of."""
    origins = (letter.origin for letter in all_letters(settings))
    return [(origin.partition, origin.offset) for origin in origins if origin]


def _books(lake: Lake, read: list[Reading], raw: Table, decoded: Table, topic: str) -> pd.DataFrame:
    """Counts by day and partition: what was read, and what decoding made of it."""
    lines = pd.DataFrame(
        [(r.date, r.partition, r.end - r.first, sum(b - a for a, b in r.gaps), r.messages) for r in read],
        columns=[*BY, "offsets", "never_read", "noted"],
    ).set_index(BY)
    if not read:
        return lines
    days = (read[0].date, read[-1].date)
    for name, table in (("messages", raw), ("accepted", decoded)):
        lines = lines.join(_places(lake, table, *days).groupby(BY).size().rename(name), how="outer")
    left_out = _places(lake, tables.REJECTIONS, *days, topic, [*DATED_PLACE, "reason"])
    is_deletion = left_out["reason"] == DELETION
    for name, rows in (("rejected", left_out[~is_deletion]), ("deletions", left_out[is_deletion])):
        lines = lines.join(rows.groupby(BY).size().rename(name), how="outer")
    lines = lines.fillna(0).astype(np.int64).sort_index()
    lines.insert(2, "without_message", lines["offsets"] - lines["never_read"] - lines["messages"])
    return lines


def _accepted(lake: Lake, first: date, last: date) -> pd.DataFrame:
    """Accepted transactions; `features`, `duplicates` and `predictions` say what came of each."""
    ids = FEATURE_SET.transaction
    accepted = _places(lake, tables.TRANSACTIONS, first, last, columns=[*DATED_PLACE, ids])
    earlier = first - timedelta(days=FEATURE_SET.history_days + 1)
    featured = _places(lake, tables.FEATURES, earlier, last, columns=[*DATED_PLACE, "transaction_id"])
    accepted["features"] = accepted["place"].isin(featured["place"])
    accepted["duplicates"] = ~accepted["features"] & accepted[ids].isin(featured["transaction_id"])
    accepted["predictions"] = accepted["place"].isin(_predicted(lake)["place"])
    return accepted


def _predicted(lake: Lake) -> pd.DataFrame:
    columns = ["source_partition", "source_offset"]
    if not lake.exists(tables.PREDICTIONS):
        return pd.DataFrame({"place": pd.Series(dtype=np.int64)})
    rows = lake.read(tables.PREDICTIONS, columns).to_pandas()
    return rows.assign(place=_packed(*(rows[name] for name in columns)))


def _places(
    lake: Lake, table: Table, first: date, last: date, topic: str | None = None, columns: Sequence[str] = DATED_PLACE
) -> pd.DataFrame:
    """Rows of a table, with their `place` as one number; none where the table is not there."""
    if not lake.exists(table):
        return pd.DataFrame({name: pd.Series(dtype=object) for name in [*columns, "place"]})
    where = pc.field("topic") == topic if topic else None
    rows = lake.read(table, columns, first, last, where=where).to_pandas()
    return rows.assign(place=_packed(*(rows[name] for name in PLACE)))


def _packed(partition: pd.Series, offset: pd.Series) -> pd.Series:
    return partition.astype(np.int64) * 2**48 + offset.astype(np.int64)


def _has_features(lake: Lake) -> bool:
    return lake.exists(tables.FEATURES)


def _gaps_of_reading(topic: str, read: list[Reading]) -> list[str]:
    return [f"{topic}, {gap}" for gap in (*gaps(read), *days_apart(read))]


def _gaps_of_decoding(books: pd.DataFrame, table: str) -> Iterator[str]:
    for (day, partition), line in books.iterrows():
        here = f"{day}, partition {partition}: "
        if line["messages"] != line["noted"] or line["without_message"] < 0:
            yield here + f"{line['messages']:,} raw rows, and {line['noted']:,} were written"
        if line["messages"] != (decoded := line["accepted"] + line["rejected"] + line["deletions"]):
            yield here + f"{line['messages']:,} messages, and {decoded:,} in {table} and rejected"


def _gaps_of_features(accepted: pd.DataFrame) -> Iterator[str]:
    missing = accepted[~accepted["features"] & ~accepted["duplicates"]]
    for (day, partition), count in missing.groupby(BY).size().items():
        yield f"{day}, partition {partition}: {count:,} transactions have no features"


def _gaps_of_predictions(
    settings: Settings, lake: Lake, featured: pd.DataFrame, days: tuple[date, date]
) -> Iterator[str]:
    """Transactions between the first and the last that has a prediction, and that have none."""
    yield from _gaps_of_reading(settings.kafka_predictions_topic, readings(lake, settings.kafka_predictions_topic))
    for partition, rows in featured.groupby("kafka_partition"):
        offsets = rows.loc[rows["predictions"], "kafka_offset"]
        between = rows[rows["kafka_offset"].between(offsets.min(), offsets.max()) & ~rows["predictions"]]
        for day, count in between.groupby("date").size().items():
            yield f"{day}, partition {partition}: {count:,} transactions have no prediction in serving/predictions"
    predicted = _predicted(lake)["place"]
    if doubled := int(predicted.duplicated().sum()):
        yield f"{doubled:,} predictions are there twice"


def _gaps_of_letters(rejected: pd.DataFrame, letters: pd.DataFrame) -> Iterator[str]:
    """Rejected messages between the first and the last that has a dead letter, and that have none."""
    if doubled := int(letters["place"].duplicated().sum()):
        yield f"{doubled:,} dead letters are there twice"
    for partition, offsets in letters.groupby("kafka_partition")["kafka_offset"]:
        here = rejected[
            (rejected["kafka_partition"] == partition)
            & rejected["kafka_offset"].between(offsets.min(), offsets.max())
            & ~rejected["place"].isin(letters["place"])
        ]
        for day, count in here.groupby("date").size().items():
            yield f"{day}, partition {partition}: {count:,} rejected messages have no dead letter"
