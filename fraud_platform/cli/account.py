"""`fraud account`: where every message went."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from fraud_platform.cli.terminal import progress_on_stderr, say, styled, terminal

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from fraud_platform.operations.account import Account

MOST_LINES = 40


def account(
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First arrival day.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last arrival day.")] = None,
    by_partition: Annotated[bool, typer.Option("--by-partition", help="A line a partition, too.")] = False,
    letters: Annotated[bool, typer.Option(help="Count the dead letters on Kafka, too.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell where every message of the source topics went, day by day, and name every gap.

    Offsets are messages, markers of transactions, or were deleted before anybody read them. Messages are accepted or
    rejected, accepted transactions have features or are duplicates, and those that the scorer has seen have one
    prediction. Exit code 1 where something is missing, or where there is nothing to count.

    Examples: `fraud account`, `fraud account --from 2026-11-01 --to 2026-11-07 --by-partition`
    """
    from fraud_platform.operations.account import account_of_reports, account_of_transactions, letter_places
    from fraud_platform.settings import load_settings
    from fraud_platform.storage.lake import Lake

    settings = load_settings()
    lake = Lake(settings)
    days = (first.date() if first else None, last.date() if last else None)
    with progress_on_stderr().status("counting"):
        places = letter_places(settings) if letters else None
        books = [
            account_of_transactions(settings, lake, *days, letters=places),
            account_of_reports(settings, lake, *days),
        ]
    if as_json:
        typer.echo(json.dumps([_document(each) for each in books], indent=2))
    else:
        for each in books:
            _show(each, by_partition)
    if not books[0].balances or books[1].gaps:
        raise typer.Exit(1)


def _document(account: "Account") -> dict[str, object]:
    lines = json.loads(account.books.reset_index().to_json(orient="records", date_format="iso"))
    return {
        "topic": account.topic,
        "balances": account.balances,
        "total": json.loads(account.books.sum().to_json()),
        "lines": lines,
        "gaps": list(account.gaps),
        "pending": list(account.pending),
    }


def _show(account: "Account", by_partition: bool) -> None:
    books = account.books.drop(columns="noted", errors="ignore")
    if not by_partition:
        books = books.groupby("date").sum(min_count=1)
    console = terminal()
    console.print(_table(account.topic, books))
    if len(books) > MOST_LINES:
        console.print(f"{len(books) - MOST_LINES} earlier lines are not shown; --from and --to choose days")
    for gap in account.gaps:
        console.print(styled(f"missing: {gap}", "red"), soft_wrap=True)
    for pending in account.pending:
        console.print(f"not done: {pending}", soft_wrap=True)
    if account.balances:
        say(f"the books of {account.topic} balance")
    elif books.empty:
        say(f"nothing of {account.topic} was read yet: materialise raw_transactions and raw_labels")


def _table(topic: str, books: "pd.DataFrame") -> "Table":
    from rich.table import Table

    table = Table(title=f"{topic}, by arrival day")
    for name in [*books.index.names, *books.columns]:
        table.add_column(
            str(name).removeprefix("kafka_").replace("_", " "), justify="right", no_wrap=name in books.index.names
        )
    for place, line in list(books.iterrows())[-MOST_LINES:]:
        cells = place if isinstance(place, tuple) else (place,)
        table.add_row(*map(str, cells), *map(_number, line))
    table.add_section()
    table.add_row("total", *[""] * (books.index.nlevels - 1), *map(_number, books.sum(min_count=1)))
    return table


def _number(value: object) -> str:
    import pandas as pd

    return "" if pd.isna(value) else f"{int(value):,}"  # type: ignore[call-overload]
