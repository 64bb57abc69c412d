"""`fraud demo`: the whole loop, from an empty folder to a second model that takes over in the running scorer."""

import shutil
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from fraud_platform.errors import ConfigurationError

MARKER = ".demo"


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack running at the end.")] = False,
    history_days: Annotated[int, typer.Option(min=45, help="Days of history before the live traffic.")] = 60,
) -> None:
    """Run the whole loop: history, features, training, promotion, live scoring, a second model.

    It starts from an empty data folder, which it deletes first where a former demo made it.
    Exit code 1 where anything that the platform promises does not hold.

    Examples: `fraud demo`, `fraud demo --keep`
    """
    from fraud_platform.cli.demo.plan import demo_plan
    from fraud_platform.cli.demo.run import Demo, urls
    from fraud_platform.settings import load_settings

    console = Console()
    # The scorer answers for the history, too, which shows its features equal over all of it.
    settings = load_settings(starting_offsets="earliest")
    started = time.monotonic()
    run = Demo(settings, demo_plan(settings, datetime.now(UTC).date(), history_days), console)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if forget_former_demo(settings.data_dir):
        run.stack.down()
        shutil.rmtree(settings.data_dir)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    (settings.data_dir / MARKER).touch()
    held = False
    try:
        held = run.run()
        console.print(f"{timedelta(seconds=round(time.monotonic() - started))} in all")
    except KeyboardInterrupt:
        keep = False
        raise typer.Exit(130) from None
    finally:
        if keep:
            console.print(f"still running; stop it with 'fraud down'\n{urls(settings)}", highlight=False)
        else:
            with console.status("stopping"):
                run.stack.down()
    if not held:
        typer.secho("lines marked ✗ do not hold", err=True, fg=typer.colors.RED)
        raise typer.Exit(1)


def forget_former_demo(data_dir: Path) -> bool:
    """Whether the folder holds a former demo; raises ConfigurationError where it holds anything else."""
    if not data_dir.exists() or not any(data_dir.iterdir()):
        return False
    if not (data_dir / MARKER).exists():
        raise ConfigurationError(
            f"{data_dir} has data, and the demo starts from nothing: "
            "remove it with 'make clean', or point DATA_DIR elsewhere"
        )
    return True
