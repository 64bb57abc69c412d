"""`fraud replay`: send labelled files of transactions to Kafka, a message a row."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fraud_platform.cli.feeding import (
    FlushLabels,
    Json,
    Rate,
    Resume,
    command_line,
    end,
    progress_bar,
    send_with_progress,
    tell,
)
from fraud_platform.cli.terminal import say

if TYPE_CHECKING:
    from fraud_platform.feeding.replaying import Replay


def replay(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(help="Parquet or CSV files (.csv.gz as well), or a folder of them: one feed.")
    ],
    mapping: Annotated[
        str | None,
        typer.Option(
            help="Shipped mapping (config/mappings) or path of a YAML file: columns to the simulated world's fields."
        ),
    ] = None,
    start: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day to send, as dated in the file.")
    ] = None,
    end_day: Annotated[
        datetime | None, typer.Option("--end", formats=["%Y-%m-%d"], help="Last day to send, as dated in the file.")
    ] = None,
    shift_to: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Date that the first day sent is moved to.")
    ] = None,
    label_delay_days: Annotated[
        float | None, typer.Option(min=0, help="Days until a fraud is reported. Default: the mapping's.")
    ] = None,
    rate: Rate = None,
    flush_labels: FlushLabels = False,
    reject: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV", help="Send what is sound; write the other rows' number, column, value and fault here."
        ),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Look at the file and the topics only; send nothing.")] = False,
    resume: Resume = False,
    as_json: Json = False,
) -> None:
    """Send labelled files of transactions to Kafka; frauds are reported some days after.

    A row is a message of the declaration in force (DECLARATION), its columns the members; labels
    of the declaration says which column is the fraud's, which is not sent. Or a mapping says which
    column becomes which field of the simulated world; config/mappings/handbook.yaml shows how.
    Rows that are not in the order of time are sorted.
    The whole file is looked at first, by the decoder that the scorer has and by what the
    topics keep and take: where a row would be rejected, deleted or misdated, nothing is sent,
    and the fault and its mend are told. Reports that are not due yet are kept for the next
    `replay` or `simulate`. Ctrl-C ends cleanly, and --resume goes on, each message once.

    Examples:

    `DECLARATION=sparkov fraud replay transactions.parquet --shift-to 2026-08-01`

    `fraud replay transactions.parquet --mapping handbook --shift-to 2026-08-01`

    `DECLARATION=mine.yaml fraud replay exports/ --check`

    `fraud replay mine.csv --mapping mine.yaml --check`

    `fraud replay mine.csv --mapping mine.yaml --start 2026-01-01 --end 2026-03-31 --reject rejected.csv`

    `fraud replay mine.csv --mapping mine.yaml --start 2026-04-01 --flush-labels`
    """
    from fraud_platform.feeding.replaying import Replay
    from fraud_platform.feeding.sending import FeedRun
    from fraud_platform.feeding.state import locked_state
    from fraud_platform.settings import load_settings
    from fraud_platform.storage.kafka import create_topics

    days = (_day(start), _day(end_day), _day(shift_to))
    settings = load_settings()
    asked = Replay(settings, files, mapping, *days, label_delay_days, flush_labels=flush_labels)
    for notice in asked.notices:
        say(notice, err=True)
    if check:
        asked.require_topics()
        _look_at(asked, reject, None)
        _tell_check(asked, as_json)
        return
    create_topics(settings)
    with locked_state(settings) as state:
        asked.require_topics()
        begun = asked.begun(state.read(), resume)
        _look_at(asked, reject, begun.sent_ms if begun else None)
        run = FeedRun(settings, state, asked.feed(command_line(context)), asked.pace(rate), resume=resume)
        outcome = send_with_progress(run, start_ms=asked.period.start_ms, until_ms=asked.period.until_ms)
    tell(outcome, run, as_json, **asked.rejections())
    if not as_json:
        _tell_rejected(asked, reject)
    end(outcome, run)


def _look_at(asked: "Replay", reject: Path | None, since_ms: int | None) -> None:
    with progress_bar() as progress:
        task = progress.add_task("", total=None, count=0, what="rows looked at", day="")
        asked.look_at_all(reject, since_ms, lambda rows: progress.update(task, count=rows))


def _tell_check(asked: "Replay", as_json: bool) -> None:
    found = asked.check
    if as_json:
        counts: dict[str, Any] = {"rows": found.rows, "transactions": found.transactions, "frauds": found.frauds}
        typer.echo(json.dumps(counts | {"unused_columns": asked.unused_columns} | asked.rejections()))
        return
    say(f"{found.transactions:,} transactions, {found.frauds:,} of them frauds, can be sent")
    if asked.unused_columns:
        say(f"nothing is read from {', '.join(asked.unused_columns)}")
    _tell_rejected(asked, None)


def _tell_rejected(asked: "Replay", reject: Path | None) -> None:
    found = asked.check
    if found.rejected_rows:
        say(
            f"{found.rejected_rows:,} of {found.rows:,} rows are rejected{f' and stand in {reject}' if reject else ''}:"
        )
        for line in found.fault_lines():
            say(f"  {line}")
    for topic in asked.unseen_topics:
        say(f"the limits of topic {topic} were not looked at: that takes the right DescribeConfigs on it")


def _day(time: datetime | None) -> date | None:
    return time.replace(tzinfo=UTC).date() if time else None
