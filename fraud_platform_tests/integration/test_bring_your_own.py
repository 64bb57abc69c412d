"""The commands of docs/bring-your-own.md, on a file with twenty columns that the platform has never seen."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from fraud_platform.local.environment import service_environment
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform_tests.support.forty_days import PERIODS
from fraud_platform_tests.support.worlds.generated_rows import generated_rows

PAGE = (PROJECT_ROOT / "docs" / "bring-your-own.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [line.strip() for block in BLOCKS for line in block.splitlines() if line.strip()]
IN_FORCE = "export DECLARATION=cards.yaml"
ELSEWHERE = {"fraud up", "fraud account"}
"""What the test's own services stand for, and what has nothing to count before a day is ingested."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With the files of the page: live traffic comes after the history, which is moved in time."""
    rows = generated_rows("card_authorisations", days=40)
    is_live = rows["at"] >= "2026-06-08"
    rows[~is_live].to_csv(tmp_path / "history.csv", index=False)
    live = rows[is_live]
    live.assign(at=live["at"].str.replace("2026-06", "2026-10")).to_csv(tmp_path / "live.csv", index=False)
    return tmp_path


def run(command: str, folder: Path, environment: dict[str, str]) -> str:
    program, *arguments = shlex.split(command)
    assert program == "fraud"
    line = [sys.executable, "-m", "fraud_platform.cli", *arguments]
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_every_command_of_the_page_does_what_it_says(broker, make_scorer_settings, folder):
    environment = service_environment(make_scorer_settings(**PERIODS))
    told = {}
    for command in COMMANDS:
        if command == IN_FORCE:
            environment["DECLARATION"] = str(folder / "cards.yaml")
        elif command not in ELSEWHERE:
            told[command] = run(command, folder, environment)
    assert re.search("transactions, [0-9,]+ of them frauds, can be sent", told["fraud replay history.csv --check"])
    assert (folder / "cards.yaml").read_text().count("role: key") == 1
