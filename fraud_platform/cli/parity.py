"""`fraud parity`: the features that the scorer decided on against those that the batch assets computed."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from fraud_platform.cli.terminal import terminal
from fraud_platform.errors import LakeError

if TYPE_CHECKING:
    from fraud_platform.operations.parity import StreamParity


def parity(
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First arrival day.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last arrival day.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare, feature by feature, what the scorer logged with what batch computed for the same offsets.

    It reads the lake: materialise scored_transactions and transaction_features for the
    days first, or run the job verify_predictions, whose check does the same. By default
    all days that have predictions are compared. Exit code 1 where a transaction differs, 2 where
    there is none to compare.

    Examples: `fraud parity`, `fraud parity --from 2026-11-01 --to 2026-11-07 --json`
    """
    from fraud_platform.operations.parity import stream_parity
    from fraud_platform.pipeline import tables
    from fraud_platform.settings import load_settings
    from fraud_platform.storage.lake import Lake

    lake = Lake(load_settings())
    days = lake.dates(tables.PREDICTIONS)
    today = datetime.now(UTC).date()
    from_day = first.date() if first else min(days, default=today)
    to_day = last.date() if last else max(days, default=today)
    if from_day > to_day:
        raise typer.BadParameter(f"{from_day} is after {to_day}", param_hint="--from")
    result = stream_parity(lake, from_day, to_day)
    if not result.parity.rows:
        raise LakeError(
            f"{result}, on the days {from_day} to {to_day}: materialise transaction_features for the days that "
            "scored_transactions has, or run the job verify_predictions"
        )
    if as_json:
        counts = {"scored": result.scored, "not_yet_in_batch": result.not_yet_in_batch, "unknown": result.unknown}
        days_compared = {"from": str(from_day), "to": str(to_day)}
        typer.echo(json.dumps({**days_compared, "holds": result.holds, **counts, **asdict(result.parity)}, indent=2))
    else:
        _show(result, f"{from_day} to {to_day}")
    if not result.holds:
        raise typer.Exit(1)


def _show(result: "StreamParity", days: str) -> None:
    from rich.table import Table

    table = Table("feature", "rows compared", "max difference", title=f"Scorer against batch, {days}")
    for name, difference in result.parity.largest.items():
        style = "red" if name in result.parity.differing else None
        table.add_row(name, f"{result.parity.rows:,}", f"{difference:g}", style=style)
    console = terminal()
    console.print(table)
    console.print(str(result.parity), soft_wrap=True)
    if result.not_yet_in_batch:
        console.print(f"{result.not_yet_in_batch:,} scored transactions are not in transaction_features yet")
    if result.unknown:
        console.print(f"{result.unknown:,} scored transactions are missing in transaction_features", style="red")
