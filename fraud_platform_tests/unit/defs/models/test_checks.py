"""The check of the candidates, on what an event log says of them."""

import dagster as dg
import pytest

from fraud_platform.defs.models import checks
from fraud_platform.defs.models.candidate_run import CANDIDATES


@pytest.mark.parametrize(("reference", "passed"), [(0.3, True), (0.5, False)])
def test_a_reference_that_ranks_better_is_a_warning(reference, passed):
    precision = {"a_reference": reference, "catboost": 0.4}
    with dg.DagsterInstance.ephemeral() as fresh:
        fresh.report_runless_asset_event(
            dg.AssetMaterialization(CANDIDATES, metadata={"main_model": "catboost", "average_precision": precision})
        )
        outcome = checks.main_model_beats_references(dg.build_asset_check_context(instance=fresh))
    assert (outcome.passed, outcome.severity) == (passed, dg.AssetCheckSeverity.WARN)


def test_with_nothing_to_beat_the_main_model_beats_nothing():
    with dg.DagsterInstance.ephemeral() as fresh:
        fresh.report_runless_asset_event(
            dg.AssetMaterialization(
                CANDIDATES, metadata={"main_model": "catboost", "average_precision": {"catboost": 1}}
            )
        )
        outcome = checks.main_model_beats_references(dg.build_asset_check_context(instance=fresh))
    assert not outcome.passed and "nothing to beat" in outcome.description
