"""A declaration that is not there, or wrong, is one line wherever a process needs it, and no traceback."""

import os
import subprocess
import sys

import pytest

PROGRAMS = {
    "a command": ["fraud_platform.cli", "rekey", "somewhere"],
    "a command that compares": ["fraud_platform.cli", "parity"],
    "the scorer": ["streaming"],
}


def run(declaration: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"DECLARATION": declaration}
    return subprocess.run(
        [sys.executable, "-m", *arguments], env=environment, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("program", PROGRAMS)
def test_one_that_is_not_there_ends_the_process_with_one_line(program):
    done = run("nowhere", *PROGRAMS[program])
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "declaration nowhere: no nowhere.yaml in" in done.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_one_that_is_wrong_tells_file_line_and_fault(program, tmp_path):
    wrong = tmp_path / "cards.yaml"
    wrong.write_text("name: cards\nfields: {}\n")
    done = run(str(wrong), *PROGRAMS[program])
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert f"{wrong}:1:1: a declaration lacks features" in done.stderr


def test_help_needs_none():
    assert run("nowhere", "fraud_platform.cli", "--help").returncode == 0
