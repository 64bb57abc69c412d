"""Every part lies in the room that says what it is for (docs/architecture.md, "Where is …?")."""

import ast
import re
from pathlib import Path

import pytest

from fraud_platform.project_root import PROJECT_ROOT

CODE = [path for room in ("fraud_platform", "streaming") for path in sorted((PROJECT_ROOT / room).rglob("*.py"))]
TESTS = [
    *sorted((PROJECT_ROOT / "fraud_platform_tests").rglob("*.py")),
    *sorted((PROJECT_ROOT / "benchmarks").glob("*.py")),
]
MOST_LINES = 250
ARITHMETIC = {"numpy", "pandas", "pyarrow", "scipy", "sklearn"}
WORDS_OF_FRAUD = re.compile("customer|label|champion|challenger|merchant", re.IGNORECASE)


def relative(path: Path) -> str:
    return path.relative_to(PROJECT_ROOT).as_posix()


def imported(path: Path) -> set[str]:
    """Top-level packages that a module imports, wherever in it."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    from_others = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in plain | from_others}


def test_no_file_is_long():
    assert len(CODE) > 200 and len(TESTS) > 200
    assert not [relative(path) for path in [*CODE, *TESTS] if len(path.read_text().splitlines()) > MOST_LINES]


@pytest.mark.parametrize("path", sorted((PROJECT_ROOT / "fraud_platform" / "defs").rglob("*.py")), ids=relative)
def test_what_dagster_loads_computes_nothing_itself(path):
    assert not imported(path) & ARITHMETIC


@pytest.mark.parametrize("path", sorted((PROJECT_ROOT / "fraud_platform" / "storage").rglob("*.py")), ids=relative)
def test_connectors_know_nothing_of_fraud(path):
    assert not WORDS_OF_FRAUD.findall(path.read_text())


def test_each_probe_leads_to_a_file():
    page = (PROJECT_ROOT / "docs" / "architecture.md").read_text()
    section = page.split("## Where is …?")[1].split("\n## ")[0]
    files = re.findall(r"^\| [^|]+\? \| `([^`]+)`", section, re.MULTILINE)
    assert len(files) >= 12
    assert not [file for file in files if not (PROJECT_ROOT / file).is_file()]
