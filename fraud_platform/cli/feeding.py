"""What `fraud simulate` and `fraud replay` share: progress, a clean stop on Ctrl-C, and the closing lines."""

import json
import shlex
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from fraud_platform.cli.terminal import progress_on_stderr, say

if TYPE_CHECKING:
    from fraud_platform.feeding.messages import Message
    from fraud_platform.feeding.sending import FeedOutcome, FeedRun

INTERRUPTED_EXIT_CODE = 130
Rate = Annotated[float | None, typer.Option(min=0.001, help="Messages a second. Default: as fast as possible.")]
FlushLabels = Annotated[
    bool,
    typer.Option(
        "--flush-labels", help="Also send the fraud reports that come in after the last day, those of the future not."
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where the same command was interrupted.")]
Json = Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")]


def send_with_progress(run: "FeedRun", *, start_ms: int, until_ms: int) -> "FeedOutcome":
    """Send a feed with a progress bar; Ctrl-C ends it cleanly."""
    with _stop_on_signal() as stop, progress_bar() as progress:
        task = progress.add_task("", total=until_ms - start_ms, count=0, what="messages", day="")
        sent = 0

        def show(messages: Sequence["Message"], _: float) -> None:
            nonlocal sent
            sent += len(messages)
            at_ms = messages[-1].send_ms
            day = f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d}"
            progress.update(task, completed=min(at_ms, until_ms) - start_ms, count=sent, day=day)

        return run.send(stop, show)


def tell(outcome: "FeedOutcome", run: "FeedRun", as_json: bool, **more: Any) -> None:
    """Print what was sent, and what was not."""
    report = outcome.report
    rate = report.messages / report.seconds
    if as_json:
        document = asdict(outcome) | {"interrupted": not outcome.is_finished, "messages_per_second": round(rate)}
        typer.echo(json.dumps(document.pop("report") | document | more))
        return
    say(
        f"{'' if outcome.is_finished else 'interrupted: '}sent {report.transactions:,} transactions "
        f"({report.late:,} late), {report.labels:,} fraud reports, {report.duplicates:,} duplicates, "
        f"{report.malformed:,} malformed in {report.seconds:.1f} s, {rate:,.0f} messages/s"
    )
    if outcome.sent_before:
        say(f"{outcome.sent_before:,} messages had been sent before and were not sent again")
    if outcome.outstanding and (outcome.is_finished or run.is_live):
        say(f"{outcome.outstanding:,} fraud reports are not due yet: the next 'fraud replay' or 'simulate' sends them")
    if outcome.reports_behind:
        say(
            f"{outcome.reports_behind:,} fraud reports are older than what their topic has, or was read up to: they "
            "count as known from that day on"
        )
    if not outcome.is_finished and not run.is_live:
        done = outcome.sent_before + report.messages
        say(f"stopped after {done:,} messages, all of them delivered. To go on: {run.resume}")


def end(outcome: "FeedOutcome", run: "FeedRun") -> None:
    """Exit code 130 for what was interrupted and should go on; a live feed has no other end."""
    if not outcome.is_finished and not run.is_live:
        raise typer.Exit(INTERRUPTED_EXIT_CODE)


def command_line(context: typer.Context, **resolved: Any) -> str:
    """The command that is running, as a person would type it to send the same again.

    resolved: values of options that depend on the day, by name.
    """
    words = ["fraud", context.info_name or ""]
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        is_given = source is not None and source.name == "COMMANDLINE"
        value = resolved.get(name, context.params.get(name) if is_given else None)
        if name in ("resume", "as_json", "check") or value is None or value is False:
            continue
        text = f"{value:%Y-%m-%d}" if isinstance(value, datetime) else str(value)
        flag = [parameter.opts[0]] if parameter.param_type_name == "option" else []
        words += flag if value is True else [*flag, shlex.quote(text)]
    return " ".join(words)


def progress_bar() -> Progress:
    """With the fields day, count and what."""
    return Progress(
        TextColumn("{task.fields[day]}"),
        BarColumn(),
        TextColumn("{task.fields[count]:,} {task.fields[what]}"),
        TimeRemainingColumn(),
        console=progress_on_stderr(),
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
