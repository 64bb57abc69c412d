"""The demo's closing table: what was promised, what came out, and whether the one is the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from rich.table import Table

from fraud_platform.schemas import Label, Prediction, ScorerEvent
from fraud_platform.settings import Settings
from fraud_platform.storage.feed import FeedReport
from fraud_platform.storage.kafka import committed_reader, read_range, watermarks

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
    """Transaction ids whose newest report says fraud."""
    dead_letters: int
    events: Sequence[ScorerEvent]
    latencies_ms: np.ndarray
    """Of the live transactions that were sent once the history was scored."""
    parity: Mapping[str, float]
    """What the check features_match_stream found: `compared` rows and their `max_difference`."""


def lines(evidence: Evidence) -> list[Line]:
    """The table's lines, in order."""
    return [*_counts(evidence), *_detection(evidence), *_versions(evidence), *_service(evidence)]


def table(rows: list[Line]) -> Table:
    """The lines as a rich table."""
    made = Table(title="The loop, closed", title_justify="left", show_header=False)
    for column in ("name", "value", "holds"):
        made.add_column(column)
    marks = {None: "", True: "[green]✓[/green]", False: "[red]✗ does not hold[/red]"}
    for row in rows:
        made.add_row(row.name, row.value, marks[row.holds])
    return made


def read_frauds(settings: Settings) -> set[str]:
    """Ids of the transactions whose newest report on Kafka says fraud."""
    decode = msgspec.json.Decoder(Label).decode
    topic = settings.kafka_labels_topic
    with committed_reader(settings) as consumer:
        labels = [decode(m.value() or b"") for m in read_range(consumer, topic, watermarks(consumer, topic))]
    newest = {label.transaction_id: label.is_fraud for label in sorted(labels, key=lambda x: x.reported_at_ms)}
    return {transaction_id for transaction_id, is_fraud in newest.items() if is_fraud}


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
    return [*made, Line("versions that scored live traffic", f"{sorted(live_versions)}", len(live_versions) >= 2)]


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
    ]
