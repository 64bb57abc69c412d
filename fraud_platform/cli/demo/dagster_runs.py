"""Launching Dagster runs over the webserver's GraphQL API and following them step by step."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import requests

from fraud_platform.errors import FraudPlatformError, ServiceUnavailableError

POLL_SECONDS = 1.0
FINAL = ("SUCCESS", "FAILURE", "CANCELED")

LAUNCH = """
mutation($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}"""
FOLLOW = """
query($id: ID!) {
  runOrError(runId: $id) { ... on Run { status stepStats { stepKey status } } }
}"""
RUNS_OF_JOB = """
query($job: String!) {
  runsOrError(filter: {pipelineName: $job}) { ... on Runs { results { runId status } } }
}"""
REPOSITORY = """
{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } } }"""

LATEST_CHECK = """
query($asset: AssetKeyInput!, $check: String!) {
  assetCheckExecutions(assetKey: $asset, checkName: $check, limit: 1) {
    status
    evaluation {
      metadataEntries { label ... on FloatMetadataEntry { floatValue } ... on IntMetadataEntry { intValue } }
    }
  }
}"""


class DagsterClient:
    """The few calls that the demo needs; raises ServiceUnavailableError where the webserver is away."""

    def __init__(self, url: str) -> None:
        self._url = url

    def launch(
        self,
        job: str,
        tags: Mapping[str, str],
        run_config: Mapping[str, Any] | None = None,
        assets: Sequence[str] = (),
    ) -> str:
        """Launch a job, or only the named assets of it; returns the run id."""
        node = self._query(REPOSITORY)["repositoriesOrError"]["nodes"][0]
        params = {
            "selector": {
                "repositoryName": node["name"],
                "repositoryLocationName": node["location"]["name"],
                "jobName": job,
                **({"assetSelection": [{"path": [name]} for name in assets]} if assets else {}),
            },
            "runConfigData": run_config or {},
            "executionMetadata": {"tags": [{"key": k, "value": v} for k, v in tags.items()]},
        }
        answer = self._query(LAUNCH, params=params)["launchRun"]
        if answer["__typename"] != "LaunchRunSuccess":
            raise FraudPlatformError(f"Dagster did not launch {job}: {answer}")
        return answer["run"]["runId"]

    def follow(self, run_id: str, on_steps: Callable[[list[str], list[str]], None]) -> None:
        """Wait for a run's end, telling running and finished steps; raises FraudPlatformError on failure."""
        while True:
            run = self._query(FOLLOW, id=run_id)["runOrError"]
            steps = run["stepStats"]
            on_steps(
                [s["stepKey"] for s in steps if s["status"] == "IN_PROGRESS"],
                [s["stepKey"] for s in steps if s["status"] == "SUCCESS"],
            )
            if run["status"] in FINAL:
                break
            time.sleep(POLL_SECONDS)
        if run["status"] != "SUCCESS":
            failed = [s["stepKey"] for s in steps if s["status"] == "FAILURE"]
            raise FraudPlatformError(
                f"run {run_id} ended with {run['status']} in {failed}: see {self._url}/runs/{run_id}"
            )

    def wait_for_runs(self, job: str, count: int, timeout_seconds: float) -> list[str]:
        """Ids of the job's runs, newest first, once there are at least `count` of them."""
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            runs = self._query(RUNS_OF_JOB, job=job)["runsOrError"]["results"]
            if len(runs) >= count:
                return [r["runId"] for r in runs]
            time.sleep(POLL_SECONDS)
        raise FraudPlatformError(
            f"no run of {job} was requested within {timeout_seconds:g} s: see {self._url}/automation"
        )

    def latest_check(self, asset: str, check: str) -> dict[str, float]:
        """Numbers in the metadata of a check's latest evaluation, by label."""
        (latest,) = self._query(LATEST_CHECK, asset={"path": [asset]}, check=check)["assetCheckExecutions"]
        entries = latest["evaluation"]["metadataEntries"]
        values = {e["label"]: e.get("floatValue", e.get("intValue")) for e in entries}
        return {label: value for label, value in values.items() if value is not None}

    def _query(self, query: str, **variables: Any) -> dict[str, Any]:
        try:
            response = requests.post(f"{self._url}/graphql", json={"query": query, "variables": variables}, timeout=60)
            response.raise_for_status()
        except requests.RequestException as error:
            raise ServiceUnavailableError(f"Dagster at {self._url} does not answer: {error}") from None
        document = response.json()
        if errors := document.get("errors"):
            raise FraudPlatformError(f"Dagster refused the query: {errors[0]['message']}")
        return document["data"]
