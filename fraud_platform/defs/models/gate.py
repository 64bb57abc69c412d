"""Whether the checks let a registered version through, as Dagster's event log tells it."""

from collections.abc import Iterable

import dagster as dg

# A check that is planned has a record, too, and dagster's own ways to the latest one do not tell it from a result.
from dagster._core.storage.asset_check_execution_record import COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES


def unmet_checks(
    instance: dg.DagsterInstance, checks: Iterable[dg.AssetCheckKey], materialization_id: int
) -> list[str]:
    """In words, each check that has not passed on the materialisation with this storage id.

    A result on an earlier materialisation counts for nothing.
    """
    outcomes = ((key.name, _outcome(instance, key, materialization_id)) for key in checks)
    return [f"{name} {outcome}" for name, outcome in outcomes if outcome is not None]


def latest_evaluation(instance: dg.DagsterInstance, key: dg.AssetCheckKey) -> dg.AssetCheckEvaluation | None:
    """The check's latest result, whatever runs at the moment; None where it has none yet."""
    history = instance.event_log_storage.get_asset_check_execution_history(
        key, limit=1, status=COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES
    )
    return history[0].evaluation if history else None


def _outcome(instance: dg.DagsterInstance, key: dg.AssetCheckKey, materialization_id: int) -> str | None:
    """What is wrong with the latest evaluation; None where it passed."""
    evaluation = latest_evaluation(instance, key)
    if evaluation is None or evaluation.target_materialization_data is None:
        return "has not run yet"
    if evaluation.target_materialization_data.storage_id != materialization_id:
        return "has not run on this version yet"
    return None if evaluation.passed else f"failed ({evaluation.description or 'see its run'})"
