"""`fraud alerts`: what is to be looked at."""

import json
from datetime import date
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from fraud_platform.cli.terminal import cell, progress_on_stderr, terminal
from fraud_platform.core.day_range import a_day
from fraud_platform.storage.clock import as_text

if TYPE_CHECKING:
    from fraud_platform.operations.alerts import Alert

VERDICTS = {True: "fraud", False: "legitimate"}


def alerts(
    day: Annotated[
        str | None, typer.Option(metavar="DATE", help="Day of scoring (YYYY-MM-DD, UTC). Default: the newest one.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many to show, the most probable first.")] = 50,
    only_open: Annotated[bool, typer.Option("--open", help="Only those that nobody has reported on.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the alerts of a day: probability, threshold, amount, reasons, and whether a report came.

    Alerts are those of scored_transactions, so materialise it for the day first; reports are
    also those that have just come. `fraud label` reports on one, `fraud explain` takes it apart.

    Examples: `fraud alerts`, `fraud alerts --day 2026-03-30 --top 20 --open`, `fraud alerts --json`
    """
    from fraud_platform.operations.alerts import alerts_of, newest_day
    from fraud_platform.settings import load_settings
    from fraud_platform.storage.lake import Lake

    settings = load_settings()
    lake = Lake(settings)
    with progress_on_stderr().status("reading the alerts"):
        chosen = newest_day(lake) if day is None else a_day(day)
        found = alerts_of(settings, lake, chosen, only_open=only_open)
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(found[:top]), indent=2))
    else:
        _show(found, chosen, top, only_open)


def _show(found: "list[Alert]", day: date, top: int, only_open: bool) -> None:
    from rich.table import Table

    from fraud_platform.messages.personal import masked_key

    console = terminal()
    title = f"{len(found):,} {'open ' if only_open else ''}alerts of {day}, {min(top, len(found)):,} shown"
    columns = ("transaction", "of", "time, UTC", "probability", "threshold", "amount", "reasons", "report")
    table = Table(*columns, title=title, title_justify="left")
    for alert in found[:top]:
        table.add_row(
            cell(alert.transaction_id),
            cell(masked_key(alert.customer_id)),
            as_text(alert.event_time_ms),
            f"{alert.probability:.4f}",
            f"{alert.threshold:.4f}",
            "" if alert.amount is None else f"{alert.amount:,.2f}",
            cell("; ".join(alert.reasons)),
            cell(_report(alert)),
        )
    console.print(table)


def _report(alert: "Alert") -> str:
    if alert.reported_fraud is None:
        return "open"
    return f"{VERDICTS[alert.reported_fraud]}, {alert.reported_by}"
