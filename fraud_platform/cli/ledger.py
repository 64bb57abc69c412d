"""`fraud ledger`: which model version scored which offsets."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from fraud_platform.cli.terminal import cell, progress_on_stderr, terminal
from fraud_platform.storage.clock import as_text

if TYPE_CHECKING:
    from fraud_platform.messages.schemas import ScorerEvent
    from fraud_platform.operations.deployment_history import Deployment, Offsets


def ledger(
    events: Annotated[
        bool, typer.Option("--events", help="Every event instead: alarms, drift, refusals, letters sent again.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show each version in force: from and to which offsets of each partition, since when, who asked for it and why.

    It reads the topic scorer_events; `to` is the first offset that the next version scored.

    Examples: `fraud ledger`, `fraud ledger --events`, `fraud ledger --json`
    """
    from fraud_platform.operations.deployment_history import deployments
    from fraud_platform.operations.ledger import scorer_events
    from fraud_platform.settings import load_settings

    settings = load_settings()
    with progress_on_stderr().status(f"reading {settings.kafka_events_topic}"):
        told = list(scorer_events(settings))
    if events:
        _show_events(told, as_json)
        return
    found = deployments(told)
    if as_json:
        typer.echo(json.dumps([asdict(deployment) for deployment in found], indent=2))
    else:
        _show(found)


def _show_events(told: "list[ScorerEvent]", as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(told), indent=2))
        return
    from rich.table import Table

    table = Table("time, UTC", "event", "version", "by", "why", title="The ledger, newest last")
    for event in told:
        names = (event.kind.replace("_", " "), event.model_version, event.by, event.reason)
        table.add_row(as_text(event.at_ms), *map(cell, names))
    terminal().print(table)


def _show(found: "list[Deployment]") -> None:
    from rich.table import Table

    table = Table("version", "from", "to", "since", "starts", "by", "why", title="Model versions in force, newest last")
    for deployment in found:
        table.add_row(
            str(deployment.version),
            _places(deployment.from_offsets),
            _places(deployment.to_offsets) if deployment.to_offsets else "in force",
            as_text(deployment.since_ms),
            str(deployment.starts),
            cell(deployment.by or "alias moved in MLflow"),
            cell(deployment.reason),
        )
    console = terminal()
    console.print(table)
    if not found:
        console.print("no scorer has loaded a model yet: see 'fraud status'")


def _places(offsets: "Offsets") -> str:
    return " ".join(f"{partition}:{offset:,}" for partition, offset in offsets.items())
