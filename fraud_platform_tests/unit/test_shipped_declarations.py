"""An installed platform has its declarations without a checkout."""

import os
import shutil
import subprocess
import sys
import tomllib

import pytest

from fraud_platform.errors import ConfigurationError
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.shipped_declarations import declaration_text, shipped_declaration, shipped_names

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
    with pytest.raises(
        ConfigurationError, match=r"^declaration simulatd: no simulatd\.yaml in .* there are .*simulated"
    ):
        shipped_declaration("simulatd")


@pytest.mark.parametrize("name", shipped_names())
def test_a_name_is_one_that_is_shipped(name):
    assert declaration_text(name) == (shipped_declaration(name), f"{name}.yaml")


def test_a_file_has_a_dot_or_a_slash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for file in ("simulated", "cards.yaml"):
        (tmp_path / file).write_text(file)
    assert declaration_text("cards.yaml") == (b"cards.yaml", "cards.yaml")
    assert declaration_text("./simulated") == (b"simulated", "./simulated")
    assert declaration_text("simulated")[0] == shipped_declaration("simulated")


@pytest.mark.parametrize(
    ("file", "reason"),
    [("cards.yaml", "No such file or directory"), ("./", "Is a directory"), ("a\0.yaml", "embedded null byte")],
)
def test_a_file_that_cannot_be_read_is_told(file, reason, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=f"{reason}; give the path of a file, or one of handbook, "):
        declaration_text(file)
