"""An installed platform has its declarations without a checkout."""

import os
import shutil
import subprocess
import sys
import tomllib

import pytest

from fraud_platform.errors import ConfigurationError
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.shipped_declarations import shipped_declaration

PROGRAM = "from fraud_platform.shipped_declarations import shipped_declaration as read; print(len(read('simulated')))"
WHEEL = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]


def test_a_wheel_carries_them_wherever_it_runs(tmp_path):
    site = tmp_path / "site"
    (site / "fraud_platform").mkdir(parents=True)
    for name in ("__init__.py", "errors.py", "shipped_declarations.py"):
        shutil.copy(PROJECT_ROOT / "fraud_platform" / name, site / "fraud_platform")
    for source, target in WHEEL["force-include"].items():
        shutil.copytree(PROJECT_ROOT / source, site / target)
    environment = {**os.environ, "PYTHONPATH": str(site), "FRAUD_HOME": str(tmp_path)}
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert found.stdout.strip() == str(len(shipped_declaration("simulated"))), found.stderr


def test_the_image_builds_its_wheel_with_them():
    stage = (PROJECT_ROOT / "docker" / "Dockerfile").read_text().split(" AS wheel\n")[1].split("uv build")[0]
    assert [source for source in WHEEL["force-include"] if f"COPY {source} {source}\n" not in stage] == []


def test_another_name_is_told():
    with pytest.raises(ConfigurationError, match=r"^declaration simulatd: no simulatd\.yaml in "):
        shipped_declaration("simulatd")
