"""`fraud promote`: a version made champion by a person, whatever the checks say."""

import getpass
from typing import Annotated

import typer

from fraud_platform.cli.terminal import progress_on_stderr, say


def promote(
    version: Annotated[int, typer.Argument(min=1, help="Version of the registered model, as MLflow counts them.")],
    reason: Annotated[str, typer.Option(help="Why; it is written on the version.")],
    by: Annotated[str | None, typer.Option(help="Who. Default: the user that is logged in.")] = None,
) -> None:
    """Make a version the champion, whatever the gate says of it, and wait for the scorer to take it.

    The version in MLflow tells who did so, when and why (tags champion_by, champion_since,
    champion_reason), and that the gate was overridden (tags gate, gate_reason). Where the
    scorer refuses it, or does not answer within PROMOTION_TIMEOUT_SECONDS, the champion
    before is champion again.

    Examples: `fraud promote 3 --reason "the holdout was a bank holiday"`
    """
    from fraud_platform.operations import promotion
    from fraud_platform.operations.deployment_history import offsets_as_text
    from fraud_platform.settings import load_settings
    from fraud_platform.storage.registry import Registry

    settings = load_settings()
    request = promotion.Request(version, by or getpass.getuser(), reason)
    with progress_on_stderr().status(f"waiting for the scorer to take version {version}"):
        done = promotion.promote(settings, Registry(settings), request, override_gate=True)
    before = "there was none before" if done.before is None else f"version {done.before} was before"
    say(f"version {version} is the champion ({before}); it scores from {offsets_as_text(done.event.from_offsets)} on")
