"""`fraud up`, `fraud down`, `fraud status`: the embedded stack from the command line."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from fraud_platform.cli.terminal import Terminal, cell, styled, terminal

if TYPE_CHECKING:
    from fraud_platform.local.stack import ServiceStatus, Stack

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STATE_STYLES = {"ready": "green", "starting": "yellow", "restarting": "yellow", "stopped": "dim"}
Names = Annotated[list[str] | None, typer.Argument(help="Services to start, with what they need. Default: all.")]
STACK_HELP = "Processes of this machine, or the containers of docker-compose.yml."
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class StackName(StrEnum):
    EMBEDDED = "embedded"
    COMPOSE = "compose"


def up(
    services: Names = None,
    foreground: Annotated[bool, typer.Option(help="Stay, and take everything down on Ctrl-C.")] = False,
    restart: Annotated[bool, typer.Option("--restart", help="Start what runs anew, with the settings of now.")] = False,
) -> None:
    """Start the embedded stack and wait until each service answers.

    Kafka, MLflow, Dagster and the scorer run on loopback under a supervisor, which restarts
    what dies. Safe to run again: what runs is left alone, and only what is missing is started,
    with the settings that the stack was started with. Where they are others now, their names
    are told, and --restart applies them.

    Examples: `fraud up`, `fraud up kafka mlflow`, `fraud up --foreground`, `fraud up --restart`
    """
    from fraud_platform.local.stack import Stack
    from fraud_platform.settings import load_settings

    console = terminal()
    stack = Stack(load_settings())
    with _interrupted_by_signals():
        try:
            if orphans := stack.orphans():
                console.print(f"The supervisor was gone; what it left running is started anew: {', '.join(orphans)}")
            _up_with_progress(console, stack, services, restart)
            _print_differences(console, stack)
            _print_where(console, stack.status())
            if foreground:
                console.print("Ctrl-C stops everything.")
                _stay(stack)
        except KeyboardInterrupt:
            if foreground:
                console.print("stopping")
                stack.down()
            else:
                console.print("interrupted: what was being started is stopped again, what ran before runs on")
            raise typer.Exit(130) from None


def down() -> None:
    """Stop the embedded stack, and whatever an earlier one has left running.

    Example: `fraud down`
    """
    from fraud_platform.local.stack import Stack
    from fraud_platform.settings import load_settings

    console = terminal()
    with console.status("stopping"):
        leftovers = Stack(load_settings()).down()
    console.print("stopped" + (f" ({leftovers} leftover processes ended)" if leftovers else ""))


def status(as_json: Json = False) -> None:
    """Show each service: state, process, port, uptime, memory and address.

    Examples: `fraud status`, `fraud status --json`
    """
    from fraud_platform.local.stack import Stack
    from fraud_platform.settings import load_settings

    stack = Stack(load_settings())
    rows = stack.status()
    if as_json:
        typer.echo(json.dumps([vars(row) for row in rows], indent=2))
        return
    console = terminal()
    console.print(_table(rows))
    console.print(f"logs: {Path(rows[0].log).parent}/SERVICE.log")
    _print_differences(console, stack)
    if any(row.state == "orphaned" for row in rows):
        console.print("The supervisor is gone, its services still run: end them with 'fraud down'.", style="red")


def _up_with_progress(console: Terminal, stack: "Stack", services: list[str] | None, restart: bool) -> None:
    with console.status("starting") as spinner:
        starting: list[str] = []

        def show(name: str, state: str) -> None:
            if state == "starting":
                starting.append(name)
            elif name in starting:
                starting.remove(name)
                console.print(Text.assemble(("✓", "green"), styled(f" {name}")))
            spinner.update(f"starting {', '.join(starting)}" if starting else "starting")

        stack.up(services or None, show, restart)


def _print_where(console: Terminal, rows: list["ServiceStatus"]) -> None:
    for row in rows:
        if row.url and row.state == "ready":
            console.print(f"  {row.name:<8} {row.url}")
    console.print("Next: 'fraud simulate' for transactions, 'fraud status', 'fraud down'.")


def _print_differences(console: Terminal, stack: "Stack") -> None:
    """Say which settings of now the running stack does not have; a secret's value is not told."""
    if different := stack.differences():
        console.print(
            f"The stack runs with other settings than those of now: {', '.join(map(str, different))}. "
            "'fraud up --restart' applies those of now.",
            style="yellow",
            markup=False,
        )


def _stay(stack: "Stack") -> None:
    """Wait for a signal; ends early where the supervisor does."""
    import time

    while stack.is_supervised():
        time.sleep(1)
    from fraud_platform.errors import ServiceUnavailableError

    stack.down()
    raise ServiceUnavailableError("the supervisor has ended, so the stack was stopped: start it again with 'fraud up'")


@contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    """A terminated or hung-up `fraud up` cleans up as an interrupted one does."""

    def interrupt(signum: int, frame: Any) -> None:
        # Stopping takes a moment; a second Ctrl-C must not leave half of it running.
        for name in SIGNALS:
            signal.signal(name, signal.SIG_IGN)
        raise KeyboardInterrupt

    # SIGINT too: a shell starts background jobs with it ignored.
    previous = {name: signal.signal(name, interrupt) for name in SIGNALS}
    try:
        yield
    finally:
        for name, handler in previous.items():
            signal.signal(name, handler)


def _table(rows: list["ServiceStatus"]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("service", "state", "pid", "port", "uptime", "memory", "url"):
        table.add_column(column, overflow="fold")
    for row in rows:
        style = STATE_STYLES.get(row.state, "red")
        table.add_row(
            row.name,
            cell(row.state, style),
            str(row.pid or ""),
            str(row.port or ""),
            _duration(row.uptime_seconds),
            f"{row.memory_mb} MB" if row.memory_mb else "",
            row.url or "",
        )
    return table


def _duration(seconds: int | None) -> str:
    if seconds is None:
        return ""
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
