"""From a file of another world to live predictions: its declaration is all that the platform is told."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fraud_platform.local.environment import service_environment
from fraud_platform_tests.support.forty_days import PERIODS
from fraud_platform_tests.support.long_tests import LONG, long_test
from fraud_platform_tests.support.worlds.generated_rows import (
    CARD_AUTHORISATIONS,
    SHAPES,
    generated_rows,
    with_a_field_and_five_features,
)

PROMISES = {"every_offset_is_accounted_for", "books_balance", "values_are_finite"}
FIRST, HISTORY, DAYS = "2026-05-01", 36, 40
RATE = 500 if LONG else 150
"""Live transactions a second while a declaration changes."""


def looped(settings, file: Path) -> dict:
    """What came of the loop, see support/worlds/loop.py."""
    return printed(settings, "loop", file, FIRST, str(HISTORY), str(DAYS))


def printed(settings, module: str, *arguments: str | Path) -> dict:
    command = [sys.executable, "-m", f"fraud_platform_tests.support.worlds.{module}", *arguments]
    done = subprocess.run(command, env=service_environment(settings), capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-8_000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


def world(make_scorer_settings, name, **overrides):
    return make_scorer_settings(declaration=name, **PERIODS, **overrides)


def assert_whole(found, rows):
    assert sum(found["sent"]) == rows and found["scorer_exit_code"] == 0
    assert found["predictions"] == found["distinct"] == found["sent"][1]
    feature_set, count = found["declared"]
    assert found["feature_sets"] == [feature_set] and found["features"] == [count]
    for part in ("training_checks", "verified"):
        assert {name: check for name, check in found[part].items() if not check[0] and name in PROMISES} == {}
    assert found["parity"][:2] == [True, found["sent"][1]], found["parity"]
    assert found["alerts"] and found["reasons"]


SHIPPED = [name for name in SHAPES if name != "card_authorisations"]


def test_twenty_unfamiliar_fields_and_one_declaration_are_enough(broker, mlflow_server, make_scorer_settings, tmp_path):
    rows = generated_rows("card_authorisations")
    rows.to_csv(tmp_path / "rows.csv", index=False)
    found = looped(world(make_scorer_settings, str(CARD_AUTHORISATIONS)), tmp_path / "rows.csv")
    assert_whole(found, len(rows))


@pytest.mark.parametrize("name", [pytest.param(name, marks=long_test) for name in SHIPPED])
def test_a_shipped_declaration_runs_the_whole_loop(broker, mlflow_server, make_scorer_settings, tmp_path, name):
    rows = generated_rows(name)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    found = looped(world(make_scorer_settings, name), tmp_path / "rows.csv")
    assert_whole(found, len(rows))


def test_a_field_and_five_features_are_added_under_traffic(broker, mlflow_server, make_scorer_settings, tmp_path):
    generated_rows("card_authorisations").to_csv(tmp_path / "rows.csv", index=False)
    more = tmp_path / "more.yaml"
    more.write_text(with_a_field_and_five_features(CARD_AUTHORISATIONS.read_text()))
    settings = world(make_scorer_settings, str(more))
    found = printed(settings, "change", str(CARD_AUTHORISATIONS), tmp_path / "rows.csv", FIRST, str(DAYS), str(RATE))
    assert found["codes"] == [0, 0]
    assert found["predictions"] == found["distinct"] == found["live"]
    assert found["deciding"] == [[False, 1], [True, 1], [True, 2]]
    assert "not comparable" not in found["gate"]["beats_the_champion"][1]
    for part in ("former", "new"):
        assert found[part]["rows"] and not found[part]["differing"], found[part]["first"]
