"""`fraud doctor`: what is wrong on this machine, and how to mend it."""

import json
from typing import Annotated

import typer
from rich.text import Text

from fraud_platform.cli.stack import STACK_HELP, StackName
from fraud_platform.cli.terminal import styled, terminal


def doctor(
    stack: Annotated[StackName, typer.Option(help=STACK_HELP)] = StackName.EMBEDDED,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check Python, Java, jars, room, settings, ports and services; exit code 1 where a needed part is wrong.

    With `--stack compose` it asks Docker about each container instead.

    Examples: `fraud doctor`, `fraud doctor --stack compose`, `fraud doctor --json`
    """
    from fraud_platform.local.compose import examine_containers
    from fraud_platform.local.doctor import examine
    from fraud_platform.settings import load_settings

    findings = examine_containers() if stack is StackName.COMPOSE else examine(load_settings())
    if as_json:
        typer.echo(json.dumps([vars(finding) for finding in findings], indent=2))
    else:
        console = terminal()
        for finding in findings:
            mark, style = ("✓", "green") if finding.ok else ("✗", "red") if finding.needed else ("-", "yellow")
            line = styled(f" {finding.name}: {finding.detail}")
            console.print(Text.assemble((mark, style), line), soft_wrap=True)
            if not finding.ok:
                console.print(f"    {finding.fix}", soft_wrap=True)
    if any(finding.needed and not finding.ok for finding in findings):
        raise typer.Exit(1)
