"""Launching Dagster runs over the webserver's GraphQL API and following them step by step."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import requests

from fraud_platform.errors import FraudPlatformError, ServiceUnavailableError

PROMOTE_JOB, JUDGE_JOB = "promote_model", "judge_model"
POLL_SECONDS = 1.0
ANSWER_SECONDS = 60
LAUNCH_SECONDS = 600
"""The webserver answers a launch once it has planned every asset on every day: seconds, or more on a busy machine."""
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
        on_wait: Callable[[str], None] = lambda words: None,
    ) -> str:
        """Launch a job, or only the named assets of it; returns the run id. `on_wait` is told what is waited for."""
        node = self.query(REPOSITORY)["repositoriesOrError"]["nodes"][0]
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
        answer = self._in_background(f"Dagster plans {job}", on_wait, LAUNCH, params=params)["launchRun"]
        if answer["__typename"] != "LaunchRunSuccess":
            raise FraudPlatformError(f"Dagster did not launch {job}: {answer}")
        return answer["run"]["runId"]

    def _in_background(self, what: str, on_wait: Callable[[str], None], query: str, **variables: Any) -> dict[str, Any]:
        """The answer to a query that may take long, told of each second meanwhile."""
        started = time.monotonic()
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(self.query, query, LAUNCH_SECONDS, **variables)
            while not wait([asked], POLL_SECONDS).done:
                on_wait(f"{what} ({time.monotonic() - started:.0f} s)")
        return asked.result()

    def follow(self, run_id: str, on_steps: Callable[[list[str], list[str]], None]) -> None:
        """Wait for a run's end, telling running and finished steps; raises FraudPlatformError on failure."""
        while True:
            run = self.query(FOLLOW, id=run_id)["runOrError"]
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

    def wait_for_verdict(self, version: int, timeout_seconds: float) -> str | None:
        """Id of the run that promotes a version, which the sensors request; None where the gate refused the version.

        Each version is judged once and promoted once, in the order of their numbers.
        """
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            promotions, judgements = (
                self.query(RUNS_OF_JOB, job=job)["runsOrError"]["results"] for job in (PROMOTE_JOB, JUDGE_JOB)
            )
            if len(promotions) >= version:
                return promotions[0]["runId"]
            if len(judgements) >= version and judgements[0]["status"] == "FAILURE":
                return None
            time.sleep(POLL_SECONDS)
        raise FraudPlatformError(
            f"version {version} was not judged and promoted within {timeout_seconds:g} s: see {self._url}/automation"
        )

    def latest_check(self, asset: str, check: str) -> dict[str, float]:
        """Numbers in the metadata of a check's latest evaluation, by label."""
        (latest,) = self.query(LATEST_CHECK, asset={"path": [asset]}, check=check)["assetCheckExecutions"]
        entries = latest["evaluation"]["metadataEntries"]
        values = {e["label"]: e.get("floatValue", e.get("intValue")) for e in entries}
        return {label: value for label, value in values.items() if value is not None}

    def query(self, query: str, seconds: float = ANSWER_SECONDS, **variables: Any) -> dict[str, Any]:
        try:
            asked: dict[str, Any] = {"query": query, "variables": variables}
            response = requests.post(f"{self._url}/graphql", json=asked, timeout=seconds)
            response.raise_for_status()
        except requests.HTTPError as error:
            raise ServiceUnavailableError(f"Dagster at {self._url} refuses: {error}") from None
        except requests.RequestException as error:
            raise ServiceUnavailableError(f"Dagster at {self._url} does not answer: {error}") from None
        document = response.json()
        if errors := document.get("errors"):
            raise FraudPlatformError(f"Dagster refused the query: {errors[0]['message']}")
        return document["data"]
