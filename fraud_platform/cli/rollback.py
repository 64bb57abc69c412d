"""`fraud rollback`: an earlier version in force again."""

import getpass
from typing import Annotated

import typer

from fraud_platform.cli.terminal import progress_on_stderr, say


def rollback(
    reason: Annotated[str, typer.Option(help="Why; it is written on the version and into the ledger.")],
    to: Annotated[
        int | None, typer.Option(min=1, help="Version to go back to. Default: the one in force before this one.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who. Default: the user that is logged in.")] = None,
) -> None:
    """Make an earlier version the champion again, and wait for the scorer to take it.

    The version that goes gets no alias again by itself. Where no scorer answers within
    PROMOTION_TIMEOUT_SECONDS the exit code is 2, and the alias stays: a scorer that starts
    takes the earlier version. Where the scorer refuses it, the alias moves back.

    Examples: `fraud rollback --reason "blocks a whole country"`, `fraud rollback --to 3 --reason …`
    """
    from fraud_platform.operations import promotion
    from fraud_platform.operations.deployment_history import earlier_version, offsets_as_text
    from fraud_platform.settings import load_settings
    from fraud_platform.storage.registry import Registry

    settings = load_settings()
    registry = Registry(settings)
    request = promotion.Request(0, by or getpass.getuser(), reason)
    request.check()
    request = request._replace(version=to or earlier_version(settings, registry))
    registry.tags(request.version)  # before anything is written down: an unknown version is an error
    with progress_on_stderr().status(f"waiting for the scorer to take version {request.version}"):
        done = promotion.roll_back(settings, registry, request)
    say(
        f"version {request.version} is in force again, from {offsets_as_text(done.event.from_offsets)} on; "
        "see 'fraud ledger'"
    )
