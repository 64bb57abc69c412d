"""The demo's closing table: what was promised, what came out, and whether the one is the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rich.table import Table

from fraud_platform.cli.terminal import styled
from fraud_platform.core.reports import reported_frauds
from fraud_platform.feeding.feed import FeedReport
from fraud_platform.messages.decoding import decode_labels
from fraud_platform.messages.reports import report_frame
from fraud_platform.messages.schemas import Prediction, ScorerEvent
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader
from fraud_platform.storage.kafka_offsets import read_range, watermarks

_IDENTITY = ("transaction_id", "customer_id")
LARGEST_DIFFERENCE = 1e-6
"""Promise on streamed against batch features."""


@dataclass(frozen=True)
class Line:
    """One line of the table; `holds` is None where nothing is promised."""

    name: str
    value: str
    holds: bool | None = None


@dataclass(frozen=True)
class Evidence:
    """All that the table is made from."""

    history: FeedReport
    live: FeedReport
    live_rate: float
    """Messages a second, as sent."""
    rate_promised: float
    live_ids: set[str]
    predictions: Sequence[Prediction]
    frauds: set[str]
    """Ids of the transactions that the reports call fraud."""
    dead_letters: int
    events: Sequence[ScorerEvent]
    refused: Sequence[int]
    """Versions that the gate refused, and that were promoted by hand."""
    latencies_ms: np.ndarray
    """Of the live transactions that were sent once the history was scored."""
    parity: Mapping[str, float]
    """What the check features_match_stream found: `compared` rows and their `max_difference`."""
    books: Mapping[str, float]
    """What the check books_balance counted on the live days."""


def lines(evidence: Evidence) -> list[Line]:
    """The table's lines, in order."""
    return [*_counts(evidence), *_detection(evidence), *_versions(evidence), *_service(evidence)]


def table(rows: list[Line]) -> Table:
    """The lines as a rich table."""
    made = Table(title="The loop, closed", title_justify="left", show_header=False)
    for column in ("name", "value", "holds"):
        made.add_column(column)
    marks = {None: styled(""), True: styled("✓", "green"), False: styled("✗ does not hold", "red")}
    for row in rows:
        made.add_row(row.name, row.value, marks[row.holds])
    return made


def read_frauds(settings: Settings, predictions: Sequence[Prediction]) -> set[str]:
    """Ids of the predicted transactions that the reports on Kafka call fraud."""
    topic = settings.kafka_labels_topic
    with committed_reader(settings) as consumer:
        messages = list(read_range(consumer, topic, watermarks(consumer, topic)))
    _, labels, _ = decode_labels([m.value() for m in messages], [m.timestamp()[1] for m in messages])
    ids, customers = (np.array([getattr(p, name) for p in predictions], object) for name in _IDENTITY)
    return set(ids[reported_frauds(ids, customers, report_frame(labels))])


def count_messages(settings: Settings, topic: str) -> int:
    """Committed messages of a topic."""
    with committed_reader(settings) as consumer:
        return sum(1 for _ in read_range(consumer, topic, watermarks(consumer, topic)))


def _counts(e: Evidence) -> list[Line]:
    accepted = e.history.transactions + e.live.transactions
    malformed = e.history.malformed + e.live.malformed
    repeated = e.history.duplicates + e.live.duplicates
    distinct = len({p.transaction_id for p in e.predictions})
    doubled = len(e.predictions) - distinct
    return [
        Line("transactions in", f"{accepted:,} ({e.history.transactions:,} history, {e.live.transactions:,} live)"),
        Line("sent twice · malformed · late", f"{repeated:,} · {malformed:,} · {e.history.late + e.live.late:,}"),
        Line("predictions out", f"{len(e.predictions):,}", len(e.predictions) == accepted),
        Line("duplicates", f"{doubled:,}", doubled == 0),
        Line("missing", f"{accepted - distinct:,}", distinct == accepted),
        Line("dead letters", f"{e.dead_letters:,} of {malformed:,} malformed", e.dead_letters == malformed),
    ]


def _detection(e: Evidence) -> list[Line]:
    """Precision, recall and average precision of each version on the live transactions that it scored."""
    from sklearn.metrics import average_precision_score

    made = []
    live = [p for p in e.predictions if p.transaction_id in e.live_ids]
    for version in sorted({p.model_version for p in live}):
        scored = [p for p in live if p.model_version == version]
        fraud = np.array([p.transaction_id in e.frauds for p in scored])
        alert = np.array([p.is_fraud for p in scored])
        hits = int((fraud & alert).sum())
        precision = hits / alert.sum() if alert.any() else float("nan")
        recall = hits / fraud.sum() if fraud.any() else float("nan")
        ap = average_precision_score(fraud, [p.probability for p in scored]) if fraud.any() else float("nan")
        made.append(
            Line(
                f"version {version} on live traffic",
                f"{len(scored):,} scored, {fraud.sum():,} frauds, {alert.sum():,} alerts: "
                f"precision {precision:.2f}, recall {recall:.2f}, AP {ap:.2f}",
            )
        )
    alerts = sum(p.is_fraud for p in e.predictions)
    return [Line("alerts", f"{alerts:,}", alerts > 0), *made]


def _versions(e: Evidence) -> list[Line]:
    loaded = [event for event in e.events if event.kind == "model_loaded"]
    live_versions = {p.model_version for p in e.predictions if p.transaction_id in e.live_ids}
    made = [
        Line(
            f"version {event.model_version} took over at",
            " · ".join(f"{p}:{offset:,}" for p, offset in (event.from_offsets or {}).items()) + " (partition:offset)",
        )
        for event in loaded
    ]
    refused = ", ".join(map(str, e.refused))
    verdict = f"refused version {refused}, promoted by hand (override_gate)" if refused else "let every version through"
    return [
        *made,
        Line("the gate", verdict),
        Line("versions that scored live traffic", f"{sorted(live_versions)}", len(live_versions) >= 2),
    ]


def _service(e: Evidence) -> list[Line]:
    p50, p99 = np.percentile(e.latencies_ms, [50, 99]) if len(e.latencies_ms) else (float("nan"),) * 2
    difference, compared = e.parity["max_difference"], int(e.parity["compared"])
    return [
        Line("live rate", f"{e.live_rate:,.0f} transactions/s", e.live_rate >= e.rate_promised),
        Line("latency, append to visible prediction", f"p50 {p50:,.0f} ms · p99 {p99:,.0f} ms"),
        Line(
            "streamed against batch features",
            f"max difference {difference:.3g} over {compared:,} rows",
            compared == len(e.predictions) and difference <= LARGEST_DIFFERENCE,
        ),
        Line(
            "books of the live days",
            f"{int(e.books['messages']):,} messages = {int(e.books['accepted']):,} accepted + "
            f"{int(e.books['rejected']):,} rejected, {int(e.books['gaps'])} gaps",
            e.books["messages"] > 0 and e.books["gaps"] == 0,
        ),
    ]
