"""`fraud skip`: offsets that the scorer cannot read, passed over."""

import getpass
from typing import Annotated

import typer

from fraud_platform.cli.terminal import say


def skip(
    partition: Annotated[int, typer.Argument(min=0, help="Partition of the transactions topic.")],
    first: Annotated[int, typer.Argument(min=0, help="First offset to pass over.")],
    end: Annotated[
        int | None, typer.Argument(help="First offset that is scored again. Default: the one after the first.")
    ] = None,
    *,
    reason: Annotated[str, typer.Option(help="Why; it is written into the ledger and on each dead letter.")],
    by: Annotated[str | None, typer.Option(help="Who. Default: the user that is logged in.")] = None,
) -> None:
    """Have the scorer pass over offsets that stop it, from its next start on: each becomes a dead letter.

    All other transactions are scored as ever. What has its prediction by the next start keeps it.
    A scorer that fails starts again by itself; one that runs goes by it once it is restarted.

    Examples: `fraud skip 0 1741 --reason "a timestamp that Spark cannot read"`, `fraud skip 0 1741 1750 --reason …`
    """
    from fraud_platform.operations.passing_over import pass_over
    from fraud_platform.settings import load_settings

    stop = first + 1 if end is None else end
    pass_over(load_settings(), partition, first, stop, by=by or getpass.getuser(), reason=reason)
    say(f"offsets {first} to {stop - 1} of partition {partition} are passed over from the scorer's next start on")
