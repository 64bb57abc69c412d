"""What the packages import is declared: nothing rests on a library that another one happens to bring."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from fraud_platform.project_root import PROJECT_ROOT

PROJECT = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())
OWN = {"fraud_platform", "streaming", "benchmarks", "fraud_platform_tests"}
DISTRIBUTIONS = packages_distributions()


def normalised(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-")


RUNTIME = set(map(normalised, PROJECT["project"]["dependencies"]))


def imported(package: str) -> set[str]:
    """Third-party modules that any file of a package imports, inside functions, too."""
    found = set()
    for path in (PROJECT_ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found - OWN - sys.stdlib_module_names


@pytest.mark.parametrize("package", ["fraud_platform", "streaming"])
def test_every_library_that_the_product_imports_is_declared(package):
    modules = imported(package)
    assert "pyarrow" in modules or "numpy" in modules
    assert {name for name in modules if not declared(name, RUNTIME)} == set()


def declared(module: str, requirements: set[str]) -> bool:
    return any(normalised(name) in requirements for name in DISTRIBUTIONS.get(module, []))
