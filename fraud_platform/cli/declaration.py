"""`fraud declaration`: what a transaction is and which features it has, checked and shown."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from fraud_platform.cli.terminal import cell, say, terminal
from fraud_platform.errors import ConfigurationError, DeclarationError

if TYPE_CHECKING:
    from rich.table import Table

    from fraud_platform.core.declaration.declaration import Declaration
    from fraud_platform.core.declaration.fields.field import Field

FAULTS_EXIT_CODE = 2
Source = Annotated[
    str | None,
    typer.Argument(
        metavar="FILE|NAME",
        help="A file, such as cards.yaml, or the name of a declaration that is shipped, such as sparkov. "
        "Default: the one in force, by the setting DECLARATION.",
    ),
]
declaration = typer.Typer(no_args_is_help=True, help="The declaration of fields and features: check it, show it.")


@declaration.command()
def check(source: Source = None) -> None:
    """Check a declaration; print every fault with file, line, column and the way out, and end with exit code 2.

    Examples: `fraud declaration check cards.yaml`, `fraud declaration check sparkov`
    """
    from fraud_platform.core.declaration.faults import MOST_KEPT
    from fraud_platform.core.features.feature_set import FeatureSet

    try:
        declared, file = _read(source)
    except DeclarationError as error:
        for fault in error.faults:
            say(fault, err=True)
        if len(error.faults) == MOST_KEPT:
            say(f"reading ended after {MOST_KEPT} faults: mend these first", err=True)
        raise typer.Exit(FAULTS_EXIT_CODE) from None
    counts = f"{len(declared.world.fields)} fields, {len(declared.features)} features"
    say(f"{file}: {counts}, feature set {FeatureSet(declared).hash}")


@declaration.command()
def show(source: Source = None, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show the fields and the features of a declaration, names and meanings that it leaves out included.

    Examples: `fraud declaration show`, `fraud declaration show sparkov`, `fraud declaration show cards.yaml --json`
    """
    declared, file = _read(source)
    if as_json:
        typer.echo(json.dumps(_document(declared), indent=2))
        return
    console = terminal()
    console.print(f"{file}: {declared.header.name}, history {declared.header.history}", soft_wrap=True)
    console.print(_fields(declared))
    console.print(_features(declared))


@declaration.command()
def schema() -> None:
    """Print the JSON Schema of declarations, with which editors complete and check them while one types.

    Examples: `fraud declaration schema > declaration.schema.json`, and as the first line of a declaration
    `# yaml-language-server: $schema=declaration.schema.json`
    """
    from fraud_platform.core.declaration.json_schema import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))


@declaration.command()
def init(
    files: Annotated[
        list[Path], typer.Argument(help="Labelled Parquet or CSV files of transactions, or a folder of them.")
    ],
    name: Annotated[str | None, typer.Option(help="Of the declaration. Default: the file's.")] = None,
    label: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column that says fraud, if no name says so.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there; a file that is there stays.")
    ] = None,
) -> None:
    """Propose a declaration for labelled files: fields with types and roles, labels, and features to begin with.

    All rows are read. Comments say what is not sure, and which columns are left out: constants, and those that
    give the label away.

    Examples: `fraud declaration init history.csv`, `fraud declaration init exports/ --name cards -o cards.yaml`
    """
    from fraud_platform.cli.feeding import progress_bar
    from fraud_platform.feeding.proposing import proposed_declaration

    if output is not None and output.exists():
        raise ConfigurationError(f"{output} is there already: give another file, or move it away")
    with progress_bar() as progress:
        task = progress.add_task("", total=None, count=0, what="rows read", day="")
        text = proposed_declaration(files, name, label, lambda rows: progress.update(task, count=rows))
    if output is None:
        for line in text.splitlines():
            say(line)
        return
    with output.open("x") as file:
        file.write(text)
    say(f"{output}: go through what is not sure, then run 'fraud declaration check {output}'")
    say(f"and 'DECLARATION={output} fraud replay {' '.join(map(str, files))} --check'")


def _read(source: str | None) -> "tuple[Declaration, str]":
    """The declaration, by default the one in force, and what messages call its file."""
    from fraud_platform.core.declaration.reading import read_declaration
    from fraud_platform.settings import load_settings
    from fraud_platform.shipped_declarations import declaration_text

    text, file = declaration_text(source or load_settings().declaration)
    return read_declaration(text, file), file


def _document(declared: "Declaration") -> dict[str, Any]:
    from fraud_platform.core.features.feature_set import FeatureSet

    fields = [{"name": field.name, **msgspec.to_builtins(field)} for field in declared.world]
    return {
        "name": declared.header.name,
        "history": declared.header.history,
        "feature_set": FeatureSet(declared).hash,
        "fields": [{name: value for name, value in field.items() if value is not None} for field in fields],
        "features": [{"kind": one.line.option, **asdict(one.feature)} for one in declared.declared],
    }


def _fields(declared: "Declaration") -> "Table":
    table = _table("Fields", "name", "type", "in the message", "role", "options")
    for field in declared.world:
        members = ", ".join(getattr(field, "members", None) or (field.path or field.name,))
        table.add_row(*map(cell, (field.name, field.type_name, members, field.role, _options(field))))
    return table


def _options(field: "Field") -> str:
    """What the field says beyond the table's other columns: scale 2, min 0, optional."""
    told = []
    for option in msgspec.structs.fields(field):
        value = getattr(field, option.name)
        if option.name not in ("name", "path", "members", "role") and value != option.default:
            told.append(option.name if value is True else f"{option.name} {_shown(value)}")
    return ", ".join(told)


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_shown, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _features(declared: "Declaration") -> "Table":
    table = _table("Features", "name", "of", "window", "unit", "meaning")
    for feature in declared.features:
        default = f"; {feature.default:g} where unknown" if feature.default else ""
        texts = (feature.name, feature.entity, feature.window, feature.unit, feature.meaning + default)
        table.add_row(*map(cell, texts))
    return table


def _table(title: str, *headings: str) -> "Table":
    """A table that keeps every name whole, in 80 columns, too."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=0, pad_edge=False)
    for heading in headings:
        table.add_column(heading, no_wrap=heading == "name", overflow="fold")
    return table
