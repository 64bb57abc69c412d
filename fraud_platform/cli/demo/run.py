"""The demo's phases, in order, and the assembling of its evidence."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from fraud_platform.cli.demo.collector import Collector
from fraud_platform.cli.demo.dagster_runs import PROMOTE_JOB, DagsterClient
from fraud_platform.cli.demo.plan import FIRST_TRAINING, SECOND_TRAINING, Plan
from fraud_platform.cli.demo.report import Evidence, count_messages, lines, read_frauds, table
from fraud_platform.cli.demo.stacks import DemoStack
from fraud_platform.cli.demo.traffic import LiveTraffic, send_history, wait_seconds
from fraud_platform.cli.terminal import Terminal, styled
from fraud_platform.core.printable import printable
from fraud_platform.feeding.feed import FeedReport
from fraud_platform.operations.ledger import scorer_events
from fraud_platform.settings import Settings

TRAIN_JOB, VERIFY_JOB = "train_fraud_detection_model", "verify_predictions"
RATE_PROMISED = 200
PROMOTION_SECONDS = 120
DRAIN_SECONDS = 60


@dataclass
class Demo:
    """One run of the demo; the methods are its phases, in order."""

    settings: Settings
    plan: Plan
    console: Terminal
    stack: DemoStack
    seconds: dict[str, float] = field(default_factory=dict)
    refused: list[int] = field(default_factory=list)
    """Versions that the gate refused, and that were promoted all the same."""

    def __post_init__(self) -> None:
        self.dagster = DagsterClient(self.settings.dagster_url)
        self.collector = Collector(self.settings)
        self.live = LiveTraffic(self.settings, self.plan)

    def run(self) -> bool:
        """Whether everything that was promised holds."""
        with self.phase("start the stack") as show:
            self.stack.start_all_but_the_scorer(show)
            self.collector.start()
        self.console.print(f"watch it: {urls(self.settings)}")
        with self.phase(f"send {self.plan.history_days} days of history", self.plan.history_days) as show:
            history = send_history(self.settings, self.plan, show)
        with self.phase("raw → features → first training, scorer started beside it") as show:
            run = self.dagster.launch(TRAIN_JOB, self.day_range(), training(FIRST_TRAINING), on_wait=show)
            self.stack.start_scorer()
            self.follow(run, show)
        with self.phase("promote the first model") as show:
            self.promote(1, show)
        self.live.start()
        run = self.dagster.launch(TRAIN_JOB, {}, training(SECOND_TRAINING), RETRAINED)
        with self.phase("score the history, live traffic begun", history.transactions) as show:
            self.drain(history.transactions, show)
            caught_up_at = time.time()
        with self.phase("second training, under live traffic") as show:
            self.follow(run, show)
        with self.phase("promote the second model, under live traffic") as show:
            self.promote(2, show)
        with self.phase("live traffic under the second model") as show:
            wait_seconds(self.live, self.plan.live_seconds_after_promotion, lambda n: show(f"{n:,} transactions"))
            live = self.live.stop()
            self.live.send_outstanding_reports()
        with self.phase("score the rest", history.transactions + live.transactions) as show:
            self.drain(history.transactions + live.transactions, show)
            self.collector.stop()
        with self.phase("recompute the features in batch, compare") as show:
            days = self.day_range(self.plan.live_from, self.plan.today)
            self.follow(self.dagster.launch(VERIFY_JOB, days, on_wait=show), show)
            rows = lines(self.evidence(history, live, caught_up_at))
        self.console.print(table(rows))
        return all(row.holds is not False for row in rows)

    def evidence(self, history: FeedReport, live: FeedReport, caught_up_at: float) -> Evidence:

        return Evidence(
            history=history,
            live=live,
            live_rate=live.transactions / live.seconds,
            rate_promised=RATE_PROMISED,
            live_ids=set(self.live.sent_at),
            predictions=self.collector.predictions,
            frauds=read_frauds(self.settings, self.collector.predictions),
            dead_letters=count_messages(self.settings, self.settings.kafka_dead_letter_topic),
            events=scorer_events(self.settings),
            refused=self.refused,
            latencies_ms=self.collector.latencies_ms(
                {name: at for name, at in self.live.sent_at.items() if at >= caught_up_at}
            ),
            parity=self.dagster.latest_check("scored_transactions", "features_match_stream"),
            books=self.dagster.latest_check("transaction_features", "books_balance"),
        )

    def day_range(self, first: Any = None, last: Any = None) -> dict[str, str]:
        """Tags of a run over many daily partitions."""
        return {
            "dagster/asset_partition_range_start": str(first or self.plan.first_day),
            "dagster/asset_partition_range_end": str(last or self.plan.live_from),
        }

    def promote(self, version: int, show: Any) -> None:
        """As the sensors do with a version that passes the gate; else as a person does who wants it all the same.

        What the gate finds depends on the days that the world begins on, and the swap is to be seen on all of them.
        """
        run = self.dagster.wait_for_verdict(version, PROMOTION_SECONDS)
        if run is None:
            self.refused.append(version)
            chosen = {"version": version, "reason": "the demo shows the swap", "override_gate": True}
            run = self.dagster.launch(PROMOTE_JOB, {}, {"ops": {"make_champion": {"config": chosen}}}, on_wait=show)
        self.follow(run, show)

    def follow(self, run_id: str, show: Any) -> None:
        self.dagster.follow(run_id, lambda running, done: show(f"{', '.join(running)} ({len(done)} steps done)"))

    def drain(self, count: int, show: Any) -> None:
        """Wait until `count` predictions are visible, or none has come for a while."""
        last, since = -1, time.monotonic()
        while (seen := len(self.collector.predictions)) < count and time.monotonic() - since < DRAIN_SECONDS:
            if self.collector.failure:
                raise self.collector.failure
            if seen != last:
                last, since = seen, time.monotonic()
            show(seen)
            time.sleep(0.1)

    @contextmanager
    def phase(self, name: str, total: int | None = None) -> Iterator[Any]:
        """A line with a spinner, or a bar where the size is known; its time is kept."""
        started = time.monotonic()
        columns = [SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()]
        columns += [BarColumn(), MofNCompleteColumn()] if total else [TextColumn("{task.fields[detail]}", markup=False)]
        with Progress(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task(name, total=total, detail="")

            def show(news: Any) -> None:
                progress.update(task, **({"completed": news} if total else {"detail": printable(news)}))

            yield show
        self.seconds[name] = time.monotonic() - started
        done, took = styled(f" {name} "), (f"{self.seconds[name]:.0f} s", "dim")
        self.console.print(Text.assemble(("✓", "green"), done, took))


RETRAINED = ["candidate_models", "registered_model"]
"""Assets of the second training: the training set is there already."""


def training(changes: dict[str, Any]) -> dict[str, Any]:
    """Run configuration of a training."""
    return {"ops": {"candidate_models": {"config": changes}}}


def urls(settings: Settings) -> str:
    """Where people look while it runs."""
    return (
        f"Dagster {settings.dagster_url} · MLflow {settings.mlflow_tracking_uri} · "
        f"Spark http://127.0.0.1:{settings.spark_ui_port} · metrics http://127.0.0.1:{settings.metrics_port}/metrics"
    )
