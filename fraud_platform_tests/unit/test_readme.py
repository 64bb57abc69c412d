"""The README says what the code does: every setting with its default, every command, every port."""

import re
from pathlib import Path

import pytest

from fraud_platform.cli.main import COMMANDS
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.settings import Settings

README = (PROJECT_ROOT / "README.md").read_text()


def settings_rows() -> list[str]:
    """The table's rows as they must stand in the README."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{field.default}`"
        rows.append(f"| `{name.upper()}` | {default} | {field.description} |")
    return rows


@pytest.mark.parametrize("row", settings_rows())
def test_every_setting_stands_in_the_reference_as_it_is(row):
    assert row in README, "\n".join(settings_rows())


def test_the_reference_names_no_setting_that_does_not_exist():
    named = set(re.findall(r"^\| `([A-Z_0-9]+)` \|", README, re.MULTILINE))
    assert named == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command):
    assert f"fraud {command}" in README


def test_every_path_in_the_readme_exists():
    for path in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (Path(PROJECT_ROOT) / path).exists(), path
