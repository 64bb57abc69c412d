"""`fraud reset`: begin anew, with empty topics and nothing that tells of the former ones."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from fraud_platform.cli.terminal import progress_on_stderr, say
from fraud_platform.errors import ConfigurationError

if TYPE_CHECKING:
    from fraud_platform.local.reset import Plan

NO_ANSWER_EXIT_CODE = 1


def reset(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    models: Annotated[bool, typer.Option("--models", help="Delete MLflow's runs and registered models, too.")] = False,
    only_list: Annotated[bool, typer.Option("--list", help="Say what would be deleted; delete nothing.")] = False,
) -> None:
    """Delete topics, lake, checkpoint and history, and begin anew. Asks first, and deletes only what it lists.

    The embedded stack is stopped. Of a Kafka or S3 elsewhere the platform's own topics and
    tables are deleted and nothing else; stop the scorer, Dagster and all producers there
    before, since they are not seen from here. Models are kept unless --models is given.

    Examples:

    `fraud reset --list` says what there is

    `fraud reset` asks, and then `fraud up` starts with empty topics

    `fraud reset --models --yes` back to the state after `make setup`
    """
    from fraud_platform.local.reset import plan
    from fraud_platform.local.reset import reset as delete
    from fraud_platform.settings import load_settings

    settings = load_settings()
    with progress_on_stderr().status("looking at what there is"):
        what = plan(settings, models=models)
    if not what.deleted:
        say("there is nothing to delete: 'fraud up' starts with empty topics")
        return
    _tell(what)
    if only_list:
        return
    if not yes:
        _ask()
    with progress_on_stderr().status("deleting"):
        delete(settings, what, lambda part: say(f"deleted: {part.name}"))
    say("'fraud up' starts with empty topics")


def _tell(what: "Plan") -> None:
    say("This is deleted for good:")
    for part in what.deleted:
        say(f"  {part.name}: {part.where}")
    for line in what.kept:
        say(f"Kept: {line}")
    if what.stops:
        say(f"The stack is stopped before: {', '.join(what.stops)}")


def _ask() -> None:
    """Raises ConfigurationError where nobody can answer; ends the command where the answer is no."""
    if not sys.stdin.isatty():
        raise ConfigurationError(
            "nobody is there to be asked, so nothing was deleted: --yes deletes without a question"
        )
    if not typer.confirm("Delete all of it?"):
        say("nothing was deleted")
        raise typer.Exit(NO_ANSWER_EXIT_CODE)
