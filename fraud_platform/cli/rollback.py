"""`fraud rollback`: an earlier version in force again."""

import getpass
from typing import Annotated

import typer

from fraud_platform.errors import PromotionError


def rollback(
    reason: Annotated[str, typer.Option(help="Why; it is written on the version and into the ledger.")],
    to: Annotated[int | None, typer.Option(min=1, help="Version. Default: the one in force before this one.")] = None,
    by: Annotated[str | None, typer.Option(help="Who. Default: the user that is logged in.")] = None,
) -> None:
    """Make an earlier version the champion again, and wait for the scorer to take it.

    Where no scorer answers within PROMOTION_TIMEOUT_SECONDS the exit code is 2, and the alias
    stays: a scorer that starts takes the earlier version. Where the scorer refuses it, the
    alias moves back.

    Examples: `fraud rollback --reason "blocks a whole country"`, `fraud rollback --to 3 --reason …`
    """
    from rich.console import Console

    from fraud_platform.core.ledger import reigns, version_before
    from fraud_platform.settings import load_settings
    from fraud_platform.storage import promotion
    from fraud_platform.storage.ledger import scorer_events
    from fraud_platform.storage.registry import CHAMPION, Registry

    settings = load_settings()
    registry = Registry(settings)
    version = to or version_before(reigns(scorer_events(settings)), registry.version(CHAMPION))
    if version is None:
        raise PromotionError("the ledger knows no version before this one: name one with --to")
    registry.tags(version)  # before anything is written down: an unknown version is an error
    with Console(stderr=True).status(f"waiting for the scorer to take version {version}"):
        done = promotion.roll_back(settings, registry, version, by=by or getpass.getuser(), reason=reason)
    typer.echo(f"version {version} is in force again, from offsets {done.event.from_offsets}; see 'fraud ledger'")
