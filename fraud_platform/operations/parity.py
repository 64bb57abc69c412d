"""Joins what the scorer computed with what the batch assets computed for the same transactions."""

from collections.abc import Iterator
from datetime import date
from functools import reduce
from operator import or_
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fraud_platform.core.arrays import Floats
from fraud_platform.core.features.feature_set import default_rows
from fraud_platform.core.features.matured_lookup import MaturedLookup
from fraud_platform.core.features.parity import Parity, compare_features
from fraud_platform.core.time import DAY_MS, day_of
from fraud_platform.declared import FEATURE_SET
from fraud_platform.messages.arrow_schemas import PLACE
from fraud_platform.messages.schemas import MAX_LATENESS_MS, Prediction
from fraud_platform.messages.tolerant import TolerantReader
from fraud_platform.pipeline import tables
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader
from fraud_platform.storage.kafka_offsets import OffsetRange, offsets_at, read_range, watermarks
from fraud_platform.storage.lake import Lake

_OF_KEY, _VELOCITIES = (
    [one.feature.name for one in declared] for declared in (FEATURE_SET.of_key, FEATURE_SET.velocity.declared)
)
"""Features that the batch table has; the matured ones are looked up as the scorer looked them up."""
_OF_FIELD = {name: f"field: {name}" for name in FEATURE_SET.matured}
"""Field of an entity → its column beside those of the features."""
_STREAM = ("source_partition", "source_offset", "transaction_id", "event_time_ms", "merchant_risk_date", "scored_at_ms")
SAMPLED_ROWS, SAMPLED_SLICES = 20_000, 20
"""Of the newest predictions: so many, in so many runs of neighbours, evenly spread over the time."""


class StreamParity(NamedTuple):
    """`unknown` transactions were scored, and left out by the batch features that reach past them."""

    parity: Parity
    scored: int
    not_yet_in_batch: int
    unknown: int
    newest_scored_at_ms: int | None
    """When the newest row that was compared was scored; None where none was."""

    @property
    def holds(self) -> bool:
        """Whether rows were compared, and all of them agree."""
        return self.parity.rows > 0 and self.agrees

    @property
    def agrees(self) -> bool:
        """Whether no row differs, and none is unknown to batch; true of no rows, too."""
        return self.parity.holds and not self.unknown

    def __str__(self) -> str:
        if not self.parity.rows:
            return f"nothing was compared: {self.scored:,} scored transactions, none of them has batch features"
        unknown = f"; {self.unknown:,} scored transactions have no batch features" if self.unknown else ""
        return f"{self.parity}{unknown}"


def stream_parity(lake: Lake, first: date, last: date) -> StreamParity:
    """Compare the features on the stored predictions of the days with those of the batch tables.

    Merchant features are looked up as of the day that the scorer looked them up.
    """
    return _compare(lake, lake.read(tables.PREDICTIONS, [*_STREAM, "feature_set", "features"], first, last))


def recent_parity(settings: Settings, lake: Lake, since_ms: int) -> StreamParity:
    """The same for a sample of the predictions that were written to Kafka since a time."""
    predictions = list(_sample(settings, since_ms))
    table = pa.table({name: [getattr(p, name) for p in predictions] for name in (*_STREAM, "feature_set", "features")})
    return _compare(lake, table)


def _sample(settings: Settings, since_ms: int) -> Iterator[Prediction]:
    topic = settings.kafka_predictions_topic
    reader = TolerantReader(topic, Prediction)
    with committed_reader(settings) as consumer:
        starts, ends = offsets_at(consumer, topic, since_ms), watermarks(consumer, topic)
        for part in _slices({p: (starts[p], end) for p, (_, end) in ends.items()}):
            for message in read_range(consumer, topic, part):
                if (prediction := reader.decode(message.partition(), message.offset(), message.value())) is not None:
                    yield prediction
    reader.tell()


def _slices(ranges: OffsetRange) -> Iterator[OffsetRange]:
    """Parts of the ranges with about SAMPLED_ROWS offsets in all, the first and the last ones among them."""
    if sum(end - start for start, end in ranges.values()) <= SAMPLED_ROWS:
        yield ranges
        return
    rows = SAMPLED_ROWS // SAMPLED_SLICES // len(ranges)
    for n in range(SAMPLED_SLICES):
        firsts = {p: start + (end - start - rows) * n // (SAMPLED_SLICES - 1) for p, (start, end) in ranges.items()}
        yield {p: (max(first, ranges[p][0]), min(first + rows, ranges[p][1])) for p, first in firsts.items()}


def _compare(lake: Lake, table: pa.Table) -> StreamParity:
    table = table.filter(pc.equal(table["feature_set"].cast(pa.string()), FEATURE_SET.hash))
    names = FEATURE_SET.names
    if not len(table):
        return StreamParity(compare_features(*_NO_ROWS, names), 0, 0, 0, None)
    stream = table["features"].combine_chunks().flatten().to_numpy().reshape(len(table), len(names))
    scored = table.select(_STREAM).to_pandas().rename(columns=dict(zip(_STREAM[:2], PLACE, strict=True)))
    batch = _batch_rows(lake, scored)
    joined = scored.assign(row=np.arange(len(scored))).merge(batch, on=PLACE, how="left")
    reached = joined["kafka_offset"] <= joined["kafka_partition"].map(_reach(lake, scored))
    missing = joined["batch_transaction_id"].isna()
    both = joined[~missing].sort_values(PLACE)
    parity = compare_features(
        both["transaction_id"].to_numpy(),
        FEATURE_SET.joined(_values(both, _OF_KEY), _matured(lake, both), _values(both, _VELOCITIES)),
        stream[both["row"].to_numpy()],
        names,
    )
    newest = int(both["scored_at_ms"].max()) if len(both) else None
    return StreamParity(parity, len(scored), int((missing & ~reached).sum()), int((missing & reached).sum()), newest)


_NO_ROWS = np.empty(0, object), np.empty((0, len(FEATURE_SET.names))), np.empty((0, len(FEATURE_SET.names)))


def _batch_rows(lake: Lake, scored: pd.DataFrame) -> pd.DataFrame:
    """Batch features of the scored transactions, as far as there are any, and the values of their entities."""
    days, near = _arrival_days(scored), _near(scored)
    features = lake.read(tables.FEATURES, [*PLACE, "transaction_id", *_OF_KEY, *_VELOCITIES], *days, where=near)
    rows = features.to_pandas().rename(columns={"transaction_id": "batch_transaction_id"})
    if not _OF_FIELD:
        return rows
    fields = lake.read(tables.TRANSACTIONS, [*PLACE, *_OF_FIELD], *days, where=near).to_pandas()
    return rows.merge(fields.rename(columns=_OF_FIELD), on=PLACE, how="left")


def _reach(lake: Lake, scored: pd.DataFrame) -> pd.Series:
    """The last offset of each Kafka partition that has batch features on the days."""
    places = lake.read(tables.FEATURES, PLACE, *_arrival_days(scored)).to_pandas()
    return places.groupby(PLACE[0])[PLACE[1]].max()


def _arrival_days(scored: pd.DataFrame) -> tuple[date, date]:
    """First and last day on which the scored events can have arrived: a late event arrives days after its time."""
    first_ms, last_ms = int(scored["event_time_ms"].min()), int(scored["event_time_ms"].max())
    return day_of(first_ms - DAY_MS), day_of(last_ms + MAX_LATENESS_MS + DAY_MS)


def _near(scored: pd.DataFrame) -> pc.Expression:
    """The runs of offsets that the scored rows lie in, so that of a sample not all days are read."""
    runs = []
    for partition, rows in scored.sort_values(PLACE).groupby(PLACE[0]):
        offsets = rows[PLACE[1]].to_numpy()
        ends = np.flatnonzero(np.diff(offsets) > SAMPLED_ROWS)
        for low, high in zip(offsets[[0, *(ends + 1)]], offsets[[*ends, -1]], strict=True):
            within = (pc.field(PLACE[1]) >= int(low)) & (pc.field(PLACE[1]) <= int(high))
            runs.append((pc.field(PLACE[0]) == int(partition)) & within)
    return reduce(or_, runs)


def _values(rows: pd.DataFrame, names: list[str]) -> Floats:
    return rows[names].to_numpy(np.float64)


def _matured(lake: Lake, rows: pd.DataFrame) -> Floats:
    """The matured features (n, F) as of the days that the scorer looked them up."""
    values = default_rows(FEATURE_SET.matured_features, len(rows))
    columns = {name: rows[column].to_numpy(object) for name, column in _OF_FIELD.items()}
    days = rows["merchant_risk_date"]
    for day in days.dropna().unique() if columns else ():
        at, as_of = (days == day).to_numpy(), date.fromisoformat(day)
        lookup = MaturedLookup(FEATURE_SET, lake.read(tables.MERCHANT_RISK, first=as_of, last=as_of))
        values[at] = lookup.lookup({name: column[at] for name, column in columns.items()})
    return values
