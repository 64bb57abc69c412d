"""The commands of docs/bring-your-own.md, on a file with twenty columns that the platform has never seen."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from fraud_platform.local.environment import service_environment
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.storage.kafka import create_topics
from fraud_platform_tests.support.forty_days import PERIODS
from fraud_platform_tests.support.worlds.generated_rows import generated_rows

PAGE = (PROJECT_ROOT / "docs" / "bring-your-own.md").read_text()
COMMANDS = [line.strip() for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.split("\n")]
ELSEWHERE = {"export DECLARATION=cards.yaml", "fraud up", "fraud account"}
"""What the test's own services stand for, and what has nothing to count before a day is ingested."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = generated_rows("card_authorisations", days=40)
    is_live = rows["at"] >= "2026-06-08"
    rows[~is_live].to_csv(tmp_path / "history.csv", index=False)
    moved = rows[is_live].assign(at=rows["at"].str.replace("2026-06", "2026-11").where(is_live))
    moved.to_csv(tmp_path / "live.csv", index=False)
    return tmp_path


def test_every_command_of_the_page_does_what_it_says(broker, make_scorer_settings, folder):
    settings = make_scorer_settings(**PERIODS)
    create_topics(settings)
    environment = service_environment(settings) | {"DECLARATION": "simulated"}
    told = {}
    for command in COMMANDS:
        if command in ELSEWHERE:
            environment |= {"DECLARATION": str(folder / "cards.yaml")} if command.startswith("export") else {}
            continue
        program, *arguments = shlex.split(command)
        assert program == "fraud"
        done = subprocess.run(
            [sys.executable, "-m", "fraud_platform.cli", *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        told[command] = done.stdout
    assert (
        "transactions, " in told["fraud replay history.csv --check"]
        and "can be sent" in told["fraud replay history.csv --check"]
    )
    assert (folder / "cards.yaml").read_text().count("role: key") == 1
