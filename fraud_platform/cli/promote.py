"""`fraud promote`: a version made champion by a person, whatever the checks say."""

import getpass
from typing import Annotated

import typer


def promote(
    version: Annotated[int, typer.Argument(min=1, help="Version of the registered model, as MLflow counts them.")],
    reason: Annotated[str, typer.Option(help="Why; it is written on the version.")],
    by: Annotated[str | None, typer.Option(help="Who. Default: the user that is logged in.")] = None,
) -> None:
    """Make a version the champion, over the heads of the checks, and wait for the scorer to take it.

    The version in MLflow tells who did so, when and why (tags champion_by, champion_since,
    champion_reason). Where the scorer refuses it, or does not answer within
    PROMOTION_TIMEOUT_SECONDS, the champion before is champion again.

    Examples: `fraud promote 3 --reason "the holdout was a bank holiday"`
    """
    from rich.console import Console

    from fraud_platform.settings import load_settings
    from fraud_platform.storage import promotion
    from fraud_platform.storage.registry import Registry

    settings = load_settings()
    with Console(stderr=True).status(f"waiting for the scorer to take version {version}"):
        done = promotion.promote(settings, Registry(settings), version, by=by or getpass.getuser(), reason=reason)
    before = "there was none before" if done.before is None else f"version {done.before} was before"
    typer.echo(f"version {version} is the champion ({before}); it scores from offsets {done.event.from_offsets}")
