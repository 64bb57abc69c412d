"""What the gate says of a registered version, as Dagster's event log tells it."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import dagster as dg

# A check that is planned has a record, too, and dagster's own ways to the latest one do not tell it from a result.
from dagster._core.storage.asset_check_execution_record import COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES

from fraud_platform.defs.models.candidate_run import REGISTERED
from fraud_platform.operations.rollout import Verdict

VERSION = "version"
"""Metadata of a result of the gate: the version that it is about, whatever the event happens to point at."""
PARITY = dg.AssetCheckKey(dg.AssetKey("scored_transactions"), "features_match_stream")
NEWEST_SCORED_AT, COMPARED = "newest_scored_at", "compared"
"""Metadata of PARITY: when the newest row that was compared was scored, and how many rows were."""
MOST_RESULTS = 500
"""Results of a check, or registrations, that are searched for a version; older ones are long decided on."""


class Registration(NamedTuple):
    """A materialisation of registered_model."""

    version: int
    storage_id: int
    timestamp: float
    """Seconds since 1970. Results before it are of an earlier registry's version of the same number."""


def registrations(instance: dg.DagsterInstance, after_storage_id: int | None = None) -> Iterator[Registration]:
    """The newest MOST_RESULTS registrations, newest first.

    Read one by one, as far as they are asked for: each has the plots of its model in its metadata.
    """
    wanted = dg.AssetRecordsFilter(asset_key=REGISTERED, after_storage_id=after_storage_id)
    cursor: str | None = None
    for _ in range(MOST_RESULTS):
        found = instance.fetch_materializations(wanted, limit=1, cursor=cursor)
        for record in found.records:
            materialisation = record.asset_materialization
            version = materialisation and materialisation.metadata.get(VERSION)
            if version is not None:
                yield Registration(int(str(version.value)), record.storage_id, record.timestamp)
        if not found.has_more:
            return
        cursor = found.cursor


def registration_of(instance: dg.DagsterInstance, version: int) -> Registration | None:
    """The newest registration of a version; None where Dagster knows of none."""
    return next((found for found in registrations(instance) if found.version == version), None)


def verdict_on(
    instance: dg.DagsterInstance, checks: Iterable[dg.AssetCheckKey], registration: Registration
) -> tuple[Verdict, str]:
    """The verdict on a version and what it rests on: the checks that failed, or those that have not run on it yet."""
    outcomes = {key.name: _result(instance, key, registration) for key in checks}
    failed = [f"{name} failed ({e.description or 'see its run'})" for name, e in outcomes.items() if e and not e.passed]
    missing = [f"{name} has not run on it yet" for name, evaluation in outcomes.items() if evaluation is None]
    if failed:
        return Verdict.REFUSED, "; ".join(failed)
    return (Verdict.WAITING, "; ".join(missing)) if missing else (Verdict.PASSED, "")


def fresh_parity_evaluation(instance: dg.DagsterInstance, since_ms: int) -> dg.AssetCheckEvaluation | None:
    """The last result of PARITY, if it compared rows that were scored since the time."""
    for evaluation, _ in _results(instance, PARITY, limit=1):
        compared, newest = (evaluation.metadata.get(name) for name in (COMPARED, NEWEST_SCORED_AT))
        if compared and compared.value and newest and float(str(newest.value)) * 1000 >= since_ms:
            return evaluation
    return None


def _result(
    instance: dg.DagsterInstance, key: dg.AssetCheckKey, registration: Registration
) -> dg.AssetCheckEvaluation | None:
    """The check's latest result that names the version; None where it has none."""
    for evaluation, timestamp in _results(instance, key, MOST_RESULTS):
        if timestamp < registration.timestamp:
            return None
        named = evaluation.metadata.get(VERSION)
        if named is not None and named.value == registration.version:
            return evaluation
    return None


def _results(
    instance: dg.DagsterInstance, key: dg.AssetCheckKey, limit: int
) -> Iterator[tuple[dg.AssetCheckEvaluation, float]]:
    """The check's results and when they came, newest first, whatever runs at the moment."""
    history = instance.event_log_storage.get_asset_check_execution_history(
        key, limit=limit, status=COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES
    )
    for record in history:
        # Not the record's own time, which is when the check was planned: that may be before the registration.
        if record.evaluation is not None and record.event is not None:
            yield record.evaluation, record.event.timestamp
