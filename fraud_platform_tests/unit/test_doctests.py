"""The examples in docstrings hold."""

import doctest
import importlib

import pytest

from fraud_platform.project_root import PROJECT_ROOT

EXAMPLES = [
    ".".join(path.relative_to(PROJECT_ROOT).with_suffix("").parts)
    for package in ("fraud_platform", "streaming")
    for path in sorted((PROJECT_ROOT / package).rglob("*.py"))
    if any(">>> " in line and "+SKIP" not in line for line in path.read_text().splitlines())
]


@pytest.mark.parametrize("module", EXAMPLES)
def test_every_example_gives_what_it_shows(module):
    outcome = doctest.testmod(importlib.import_module(module))
    assert outcome.attempted and not outcome.failed
