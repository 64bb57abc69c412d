"""`dagster dev` and `dg` in the repository, asked through the webserver as its pages ask it, beside a running stack."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from fraud_platform.local.environment import environment
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform_tests.support import fake_stack
from fraud_platform_tests.support.ports import free_ports
from fraud_platform_tests.support.settings import stack_settings
from fraud_platform_tests.support.stack_cleanup import reaped_stack
from fraud_platform_tests.support.waiting import wait_until

BIN = Path(sys.executable).parent
EPOCHS = 77
ASSETS = """{ assetNodes {
  assetKey { path } isExecutable jobNames configField { isRequired } repository { name location { name } }
  assetChecksOrError { ... on AssetChecks { checks { name jobNames canExecuteIndividually } } }
} }"""
QUESTION = "query($keys: [AssetKeyInput!]!) { assetNodeAdditionalRequiredKeys(assetKeys: $keys) { path } }"
VALID = """query($job: PipelineSelector!, $config: RunConfigData!) {
  isPipelineConfigValid(pipeline: $job, runConfigData: $config, mode: "default") {
    __typename ... on InvalidSubsetError { message } ... on RunConfigValidationInvalid { errors { message } } } }"""
LAUNCHPAD = """query($job: PipelineSelector!) {
  runConfigSchemaOrError(selector: $job, mode: "default") { ... on RunConfigSchema { rootDefaultYaml } } }"""
AUTOMATION = """{ repositoriesOrError { ... on RepositoryConnection { nodes {
  location { name } sensors { name sensorState { status } } schedules { name scheduleState { status } } } } } }"""


@dataclass(frozen=True)
class Dev:
    """A running `dagster dev`."""

    url: str
    log: Path

    def query(self, query: str, **variables: Any) -> dict[str, Any]:
        response = requests.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=60)
        answer = response.json()
        assert "errors" not in answer, answer
        return answer["data"]

    def answers(self) -> bool:
        try:
            nodes = self.query(AUTOMATION)["repositoriesOrError"]["nodes"]
        except requests.RequestException:
            return False
        return bool(nodes)

    def executable_assets(self) -> list[dict[str, Any]]:
        return [node for node in self.query(ASSETS)["assetNodes"] if node["isExecutable"]]

    def validity(self, node: dict[str, Any], assets: list, checks: list[str], config: str = "{}") -> dict[str, Any]:
        """Whether the webserver would launch these assets and checks of the node, in the job that the page takes."""
        return self.query(VALID, job=selector(node, assets, checks), config=config)["isPipelineConfigValid"]


def selector(node: dict[str, Any], assets: list, checks: list[str]) -> dict[str, Any]:
    return {
        "repositoryName": node["repository"]["name"],
        "repositoryLocationName": node["repository"]["location"]["name"],
        "pipelineName": node["jobNames"][0],
        "assetSelection": assets,
        "assetCheckSelection": [{"assetKey": node["assetKey"], "name": name} for name in checks],
    }


@pytest.fixture(scope="module")
def dev(tmp_path_factory) -> Iterator[Dev]:
    """`dagster dev` on the repository's files, beside a stack whose daemon runs."""
    folder = tmp_path_factory.mktemp("dev")
    settings = stack_settings(folder, epochs=EPOCHS)
    # Folders in dagster.yaml are relative, and the checkout's own must stay as they are.
    for name in ("dagster.yaml", "workspace.yaml"):
        (folder / name).symlink_to(PROJECT_ROOT / name)
    (port,) = free_ports(1)
    found = Dev(f"http://127.0.0.1:{port}", folder / "dev.log")
    command = [BIN / "dagster", "dev", "--port", str(port)]
    with reaped_stack(settings), found.log.open("w") as log:
        fake_stack.start(settings, "daemon")
        environ = {**os.environ, **environment(settings)}
        environ.pop("DAGSTER_HOME", None)
        with subprocess.Popen(command, cwd=folder, env=environ, stdout=log, stderr=log) as process:
            try:
                wait_until(lambda: found.answers() or process.poll() is not None, "dagster dev")
                assert process.poll() is None, found.log.read_text()
                yield found
            finally:
                process.send_signal(signal.SIGINT)


def test_nothing_ticks_and_a_line_says_why(dev: Dev) -> None:
    (node,) = dev.query(AUTOMATION)["repositoriesOrError"]["nodes"]
    assert node["location"]["name"] == "fraud_platform.definitions"
    statuses = {sensor["sensorState"]["status"] for sensor in node["sensors"]}
    statuses |= {schedule["scheduleState"]["status"] for schedule in node["schedules"]}
    assert statuses == {"STOPPED"}
    assert "runs a Dagster daemon of its own, so sensors and schedules are off here" in dev.log.read_text()
    assert (dev.log.parent / "data" / "dagster_dev" / "history").is_dir()


def test_no_asset_asks_about_others_before_it_is_materialised(dev: Dev) -> None:
    for node in dev.executable_assets():
        name, key = node["assetKey"]["path"], node["assetKey"]
        assert dev.query(QUESTION, keys=[key])["assetNodeAdditionalRequiredKeys"] == [], name
        checks = [c["name"] for c in node["assetChecksOrError"]["checks"] if node["jobNames"][0] in c["jobNames"]]
        if not (node["configField"] and node["configField"]["isRequired"]):
            answer = dev.validity(node, [key], checks)
            assert answer["__typename"] == "PipelineConfigValidationValid", (name, answer)


def test_each_check_can_be_executed_alone(dev: Dev) -> None:
    executed = 0
    for node in dev.executable_assets():
        for check in node["assetChecksOrError"]["checks"]:
            assert check["canExecuteIndividually"] == "CAN_EXECUTE", check["name"]
            answer = dev.validity(node, [], [check["name"]])
            assert answer["__typename"] == "PipelineConfigValidationValid", (check["name"], answer)
            executed += 1
    assert executed > 10


def test_the_launchpad_shows_the_fields_with_the_settings_in_force(dev: Dev) -> None:
    node = candidate_models(dev)
    shown = dev.query(LAUNCHPAD, job=selector(node, [node["assetKey"]], []))["runConfigSchemaOrError"][
        "rootDefaultYaml"
    ]
    for line in (f"epochs: {EPOCHS}", "learning_rate: 0.1", "smote_ratio: 0.02", "references: true"):
        assert line in shown
    assert dev.validity(node, [node["assetKey"]], [], shown)["__typename"] == "PipelineConfigValidationValid"


def test_the_launchpad_answers_a_wrong_name_with_the_right_ones(dev: Dev) -> None:
    node = candidate_models(dev)
    config = json.dumps({"ops": {"candidate_models": {"config": {"epoch": 3}}}})
    answer = dev.validity(node, [node["assetKey"]], [], config)
    assert answer["__typename"] == "RunConfigValidationInvalid"
    (error,) = answer["errors"]
    assert 'unexpected config entry "epoch"' in error["message"]
    assert "epochs?:" in error["message"] and "references?:" in error["message"]


def candidate_models(dev: Dev) -> dict[str, Any]:
    return next(node for node in dev.executable_assets() if node["assetKey"]["path"] == ["candidate_models"])


@pytest.mark.parametrize("command", [["check", "defs"], ["list", "defs", "--json"]], ids=" ".join)
def test_dg_works_in_the_repository(command: list[str]) -> None:
    result = subprocess.run([BIN / "dg", *command], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    if "--json" in command:
        listed = json.loads(result.stdout)
        assert {"candidate_models", "registered_model"} <= {asset["asset_key"] for asset in listed["assets"]}
        assert listed["jobs"] and listed["schedules"] and listed["sensors"]
    else:
        assert "All definitions loaded successfully" in result.stdout
