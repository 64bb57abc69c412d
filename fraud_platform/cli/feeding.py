"""What `fraud simulate` and `fraud replay` share: progress, a clean stop on Ctrl-C, and the closing line."""

import json
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from fraud_platform.settings import Settings
    from fraud_platform.storage.feed_messages import Message
    from fraud_platform.storage.pacing import Pace

Rate = Annotated[float | None, typer.Option(min=0.001, help="Messages a second. Default: as fast as possible.")]
FlushLabels = Annotated[
    bool, typer.Option("--flush-labels", help="Also send the fraud reports that come in after the last day.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")]


def feed(
    settings: "Settings",
    schedule: Iterator[list["Message"]],
    pace: "Pace",
    *,
    start_ms: int,
    until_ms: int,
    as_json: bool,
) -> None:
    """Send a schedule with a progress bar, and print what was sent."""
    from fraud_platform.storage.feed import feed_producer, send
    from fraud_platform.storage.kafka import create_topics

    create_topics(settings)
    with _stop_on_signal() as stop, _progress() as progress:
        task = progress.add_task("", total=until_ms - start_ms, messages=0, day="")
        sent = 0

        def show(messages: Sequence["Message"], _: float) -> None:
            nonlocal sent
            sent += len(messages)
            at_ms = messages[-1].send_ms
            day = f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d}"
            progress.update(task, completed=min(at_ms, until_ms) - start_ms, messages=sent, day=day)

        report = send(feed_producer(settings), settings, schedule, pace, stop=stop, on_sent=show)
    rate = report.messages / report.seconds
    if as_json:
        typer.echo(json.dumps(asdict(report) | {"messages_per_second": round(rate), "interrupted": stop.is_set()}))
        return
    typer.echo(
        f"{'interrupted: ' if stop.is_set() else ''}sent {report.transactions:,} transactions ({report.late:,} late), "
        f"{report.labels:,} fraud reports, {report.duplicates:,} duplicates, {report.malformed:,} malformed "
        f"in {report.seconds:.1f} s, {rate:,.0f} messages/s"
    )


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.fields[day]}"),
        BarColumn(),
        TextColumn("{task.fields[messages]:,} messages"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


@contextmanager
def _stop_on_signal() -> Iterator[Event]:
    """An event that Ctrl-C or SIGTERM sets; a second signal acts as usual."""
    stop = Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask_to_stop(number: int, _: object) -> None:
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, ask_to_stop)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
