"""No command obeys the text that it shows."""

import ast
import io
from pathlib import Path

import pytest
import typer
from rich.progress import Progress, TextColumn
from rich.table import Table
from rich.text import Text
from typer.testing import CliRunner

import fraud_platform.cli
from fraud_platform.cli.main import ErrorsAsLines
from fraud_platform.cli.terminal import Terminal, cell, say, styled
from fraud_platform.core.printable import printable
from fraud_platform.errors import LakeError
from fraud_platform_tests.support.hostile_text import HOSTILE, OBEYED

COMMANDS = sorted(Path(fraud_platform.cli.__file__).parent.rglob("*.py"))


def screen() -> Terminal:
    return Terminal(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=200)


def shown(console: Terminal) -> str:
    """What was printed, without the styles that rich itself writes."""
    return Text.from_ansi(console.file.getvalue()).plain  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_lines_tables_titles_and_spinners_show_it_as_it_is(text):
    console = screen()
    table = Table("name", text, title=text, caption=text)
    table.add_row("plain", text)
    table.add_row(cell(text, "red"), styled(text, "bold"))
    console.print(table)
    console.print(text, soft_wrap=True)
    with console.status(text) as status:
        status.update(text)
    written = console.file.getvalue()  # type: ignore[attr-defined]
    assert "\x1b]" not in written and "\x9b" not in written
    assert not OBEYED.search(shown(console))
    if printable(text) == text:
        assert text in shown(console)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_plain_line_is_one_line(text, capsys):
    say(text)
    out = capsys.readouterr().out
    assert out.endswith("\n") and out.count("\n") == 1
    assert not OBEYED.search(out)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_an_error_that_quotes_it_cannot_forge_a_line(text):
    app = typer.Typer(cls=ErrorsAsLines)

    @app.command()
    def fail() -> None:
        raise LakeError(f"transaction {text} is not there")

    @app.command()
    def other() -> None: ...

    result = CliRunner().invoke(app, ["fail"])
    assert result.exit_code == 2
    first, *others = result.stderr.split("\n")[:-1]
    assert first.startswith("error: transaction ")
    assert all(line.startswith("  ") for line in others)
    assert not OBEYED.search(result.stderr)


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.stem)
def test_commands_print_through_the_terminal_only(path):
    """A console of rich's own, or text printed past it, would obey what it shows."""
    if path.stem == "terminal":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            imported = {name.name for name in node.names}
            assert not (node.module == "rich.console" and "Console" in imported), "use terminal()"
            assert node.module != "rich" or not imported & {"print", "print_json"}, "use terminal()"
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("typer.echo", "print", "click.echo"):
            assert ast.unparse(node.args[0]).startswith("json.dumps("), f"line {node.lineno}: use say()"
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "TextColumn":
            reads_text = any(name in ast.unparse(node.args[0]) for name in ("description", "detail"))
            assert not reads_text or any(k.arg == "markup" for k in node.keywords), "markup=False"


def test_a_progress_bar_shows_it_as_it_is():
    console = screen()
    with Progress(TextColumn("{task.description}", markup=False), console=console) as progress:
        progress.add_task("[/x] [link=a]b[/link]", total=1)
    assert "[/x] [link=a]b[/link]" in shown(console)
