"""`fraud lake`: the tables, brought to what this release reads."""

import typer

from fraud_platform.cli.terminal import say

lake = typer.Typer(no_args_is_help=True, help="The lake's tables.")


@lake.callback()
def _group() -> None:
    """A command of its own even while it is the only one."""


@lake.command()
def upgrade() -> None:
    """Bring a lake of a release before 0.2 to today's tables.

    That release stored transactions as it had decoded them. They are encoded anew for the raw tables, and marked
    (`as_received` is false): their headers and unknown fields were never kept. Materialise raw_transactions again for
    days that Kafka still holds, and their rows become the messages as received.

    The scorer may run meanwhile; runs in Dagster may not. Interrupted, it goes on where it stopped.

    Example: `fraud lake upgrade`
    """
    from fraud_platform.pipeline.lake_upgrade import needs_upgrade
    from fraud_platform.pipeline.lake_upgrade import upgrade as upgrade_lake
    from fraud_platform.resources.spark import LazySpark
    from fraud_platform.settings import load_settings
    from fraud_platform.storage.lake import Lake

    settings = load_settings()
    tables = Lake(settings)
    if not needs_upgrade(tables):
        say(f"{settings.lake_uri} has today's tables: there is nothing to do")
        return
    upgrade_lake(LazySpark(settings).session, settings, tables, say)
    say("done: Dagster's runs may start again")
