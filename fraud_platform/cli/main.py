"""The `fraud` command: its sub-commands, and how errors reach a person.

Modules of commands import what is heavy inside their functions, so that --help is quick.
"""

import importlib
from typing import Any

import typer
from typer.core import TyperGroup

from fraud_platform.cli.terminal import say_error
from fraud_platform.errors import FraudPlatformError

ERROR_EXIT_CODE = 2
COMMANDS = {
    "up": "fraud_platform.cli.stack",
    "down": "fraud_platform.cli.stack",
    "status": "fraud_platform.cli.stack",
    "doctor": "fraud_platform.cli.doctor",
    "declaration": "fraud_platform.cli.declaration",
    "simulate": "fraud_platform.cli.simulate",
    "replay": "fraud_platform.cli.replay",
    "rekey": "fraud_platform.cli.rekey",
    "reset": "fraud_platform.cli.reset",
    "promote": "fraud_platform.cli.promote",
    "rollback": "fraud_platform.cli.rollback",
    "ledger": "fraud_platform.cli.ledger",
    "dlq": "fraud_platform.cli.dlq",
    "account": "fraud_platform.cli.account",
    "lake": "fraud_platform.cli.lake",
    "skip": "fraud_platform.cli.skip",
    "parity": "fraud_platform.cli.parity",
    "explain": "fraud_platform.cli.explain",
    "alerts": "fraud_platform.cli.alerts",
    "label": "fraud_platform.cli.label",
    "backtest": "fraud_platform.cli.backtest",
    "benchmark": "fraud_platform.cli.benchmark",
    "demo": "fraud_platform.cli.demo.command",
}
"""Command → the module with the function, or the group of sub-commands, of that name, in the order of --help."""


class ErrorsAsLines(TyperGroup):
    """A known error is one line on stderr and exit code 2; only a bug has a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except FraudPlatformError as error:
            say_error(error)
            raise typer.Exit(ERROR_EXIT_CODE) from None

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.commands)


app = typer.Typer(
    cls=ErrorsAsLines,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode="markdown",
    help="Fraud detection on Kafka, Spark, Dagster and MLflow. Start with `fraud demo`, or `fraud up`.",
)
for _name, _module in COMMANDS.items():
    _command = getattr(importlib.import_module(_module), _name)
    app.add_typer(_command, name=_name) if isinstance(_command, typer.Typer) else app.command(_name)(_command)
