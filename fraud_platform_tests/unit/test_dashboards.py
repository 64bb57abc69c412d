"""Prometheus rules and Grafana dashboards ask only for metrics that the scorer really serves."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from fraud_platform.project_root import PROJECT_ROOT
from streaming.metrics.docs import metrics_markdown
from streaming.metrics.metrics import DRIVER, METRICS, SUPERVISOR, Metric

DOCKER = PROJECT_ROOT / "docker"
DASHBOARDS = sorted((DOCKER / "grafana" / "dashboards").glob("*.json"))
RULES = DOCKER / "prometheus" / "alerts.yml"
DATASOURCES = DOCKER / "grafana" / "provisioning" / "datasources" / "prometheus.yml"
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


def _series() -> dict[str, Metric]:
    """Every series name on /metrics, with the metric that declares it."""
    return {metric.name + suffix: metric for metric in METRICS for suffix in SUFFIXES[metric.type]}


def _dashboard_expressions(path: Path) -> Iterator[str]:
    dashboard = json.loads(path.read_text())
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from (a["expr"] for a in dashboard["annotations"]["list"])


def _rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


EXPRESSIONS = [
    *(
        pytest.param(e, id=f"{path.stem}-{i}")
        for path in DASHBOARDS
        for i, e in enumerate(_dashboard_expressions(path))
    ),
    *(pytest.param(rule["expr"], id=rule["alert"]) for rule in _rules()),
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_asks_for_series_that_are_declared(expression: str) -> None:
    asked = set(re.findall(r"\bfraud_\w+", expression))
    assert asked <= _series().keys()
    assert asked or 'up{job="scorer"}' in expression


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_selects_labels_and_values_that_are_declared(expression: str) -> None:
    for series, selectors in re.findall(r"\b(fraud_\w+)\{([^}]*)\}", expression):
        for label, value in re.findall(r'(\w+)="([^"]*)"', selectors):
            assert value in _series()[series].labels[label]


def test_what_is_served_is_what_is_declared() -> None:
    families = [family for registry in (SUPERVISOR, DRIVER) for family in registry.collect()]
    served = {family.name + ("_total" if family.type == "counter" else ""): family.type for family in families}
    assert served == {metric.name: metric.type for metric in METRICS}
    for family in families:
        for sample in family.samples:
            if sample.name in (series := _series()):
                for label in sample.labels.keys() - {"le"}:
                    assert sample.labels[label] in series[sample.name].labels[label]


def test_the_page_of_metrics_is_the_generator_s_output() -> None:
    assert (PROJECT_ROOT / "docs" / "metrics.md").read_text() == metrics_markdown(), "run `make docs`"


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_has_distinct_described_panels_that_do_not_overlap(path: Path) -> None:
    panels = json.loads(path.read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["description"] and panel["title"] for panel in panels)
    cells = [
        (x, y)
        for g in (panel["gridPos"] for panel in panels)
        for x in range(g["x"], g["x"] + g["w"])
        for y in range(g["y"], g["y"] + g["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24  # Grafana's grid


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_reads_the_provisioned_data_source(path: Path) -> None:
    provisioned = {source["uid"] for source in yaml.safe_load(DATASOURCES.read_text())["datasources"]}
    named = {p["datasource"]["uid"] for p in json.loads(path.read_text())["panels"]}
    assert named <= provisioned


def test_every_alert_says_how_bad_it_is_what_happened_and_what_to_do() -> None:
    for rule in _rules():
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"].keys() == {"summary", "action"}


@pytest.mark.skipif(
    shutil.which("promtool") is None and not os.environ.get("CI"),
    reason="promtool is not installed (Debian: prometheus)",
)
@pytest.mark.parametrize("arguments", [["check", "config", "prometheus.yml"], ["test", "rules", "alerts.test.yml"]])
def test_promtool_accepts_the_configuration_and_the_rules_keep_their_promises(arguments: list[str]) -> None:
    result = subprocess.run(["promtool", *arguments], cwd=RULES.parent, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
