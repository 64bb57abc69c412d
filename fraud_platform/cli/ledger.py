"""`fraud ledger`: which model version scored which offsets."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from fraud_platform.storage.clock import as_text

if TYPE_CHECKING:
    from fraud_platform.core.ledger import Offsets, Reign


def ledger(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show each version in force: from and to which offsets of each partition, since when, at whose word and why.

    It reads the topic scorer_events; `to` is the first offset that the next version scored.

    Examples: `fraud ledger`, `fraud ledger --json`
    """
    from rich.console import Console

    from fraud_platform.core.ledger import reigns
    from fraud_platform.settings import load_settings
    from fraud_platform.storage.ledger import scorer_events

    settings = load_settings()
    with Console(stderr=True).status(f"reading {settings.kafka_events_topic}"):
        found = reigns(scorer_events(settings))
    if as_json:
        typer.echo(json.dumps([asdict(reign) for reign in found], indent=2))
    else:
        _show(found)


def _show(found: "list[Reign]") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("version", "from", "to", "since", "starts", "by", "why", title="Model versions in force, newest last")
    for reign in found:
        table.add_row(
            str(reign.version),
            _places(reign.from_offsets),
            _places(reign.to_offsets) if reign.to_offsets else "in force",
            as_text(reign.since_ms),
            str(reign.starts),
            reign.by or "alias moved in MLflow",
            reign.reason or "",
        )
    console = Console(highlight=False)
    console.print(table)
    if not found:
        console.print("no scorer has loaded a model yet: see 'fraud status'")


def _places(offsets: "Offsets") -> str:
    return " ".join(f"{partition}:{offset:,}" for partition, offset in offsets.items())
