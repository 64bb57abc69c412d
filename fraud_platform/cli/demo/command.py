"""`fraud demo`: the whole loop, from an empty folder to a second model that takes over in the running scorer."""

import signal
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from fraud_platform.cli.stack import STACK_HELP, StackName
from fraud_platform.cli.terminal import terminal


def demo(
    stack: Annotated[StackName, typer.Option(help=STACK_HELP)] = StackName.EMBEDDED,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack running at the end.")] = False,
    history_days: Annotated[int, typer.Option(min=45, help="Days of history before the live traffic.")] = 60,
) -> None:
    """Run the whole loop: history, features, training, promotion, live scoring, a second model.

    It starts from nothing, and first deletes what a former demo left: the data folder, or the
    volumes of the Compose project fraud-platform-demo. Containers want their ports free and
    the secrets of 'make env'. Exit code 1 where anything that the platform promises does not hold.

    Examples: `fraud demo`, `fraud demo --keep`, `fraud demo --stack compose`
    """
    from fraud_platform.cli.demo.plan import demo_plan
    from fraud_platform.cli.demo.run import Demo, urls
    from fraud_platform.cli.demo.stacks import ComposeStack, EmbeddedStack
    from fraud_platform.settings import load_settings

    console = terminal()
    # The scorer answers for the history, too, which shows its features equal over all of it.
    settings = load_settings(starting_offsets="earliest")
    started = time.monotonic()
    chosen = ComposeStack(settings) if stack is StackName.COMPOSE else EmbeddedStack(settings)
    run = Demo(settings, demo_plan(settings, datetime.now(UTC).date(), history_days), console, chosen)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen.clear(console.print)
    held = False
    try:
        held = run.run()
        console.print(f"{timedelta(seconds=round(time.monotonic() - started))} in all")
    except KeyboardInterrupt:
        keep = False
        raise typer.Exit(130) from None
    finally:
        if keep:
            console.print(f"still running; stop it with '{chosen.how_to_stop}'")
            console.print(urls(settings))
        else:
            with console.status("stopping"):
                chosen.down()
    if not held:
        typer.secho("lines marked ✗ do not hold", err=True, fg=typer.colors.RED)
        raise typer.Exit(1)
