"""However a run over days that do not exist is launched, each asset by day says so before it reads anything."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from fraud_platform.definitions import definitions
from fraud_platform.defs.code_location import SETTINGS
from fraud_platform.defs.partitions import DAILY, RANGE_END, RANGE_START
from fraud_platform.resources.platform import PlatformResource

FIRST = SETTINGS.start_date
BEFORE = (FIRST - timedelta(days=1)).isoformat()
AFTER = (datetime.now(UTC).date() + timedelta(days=2)).isoformat()
NEXT = (FIRST + timedelta(days=1)).isoformat()
WAYS = {
    "a range": ({RANGE_START: BEFORE, RANGE_END: NEXT}, f"{BEFORE} lies before START_DATE={FIRST}"),
    "a single day": ({"dagster/partition": BEFORE}, f"{BEFORE} lies before START_DATE={FIRST}"),
    "a range into the future": ({RANGE_START: FIRST.isoformat(), RANGE_END: AFTER}, f"{AFTER} lies after"),
    "a range that ends first": ({RANGE_START: NEXT, RANGE_END: FIRST.isoformat()}, "end before they begin"),
    "no day": ({}, "no day was chosen"),
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> dg.Definitions:
    nowhere = {"kafka_broker": "127.0.0.1:1", "data_dir": str(tmp_path_factory.mktemp("nothing"))}
    return definitions(PlatformResource(overrides=nowhere))


def by_day(loaded: dg.Definitions) -> list[dg.AssetsDefinition]:
    return [asset for asset in loaded.assets or [] if getattr(asset, "partitions_def", None) == DAILY]


def error_of(asset: dg.AssetsDefinition, loaded: dg.Definitions, tags: dict[str, str]) -> str:
    """What a run of the asset alone fails with."""
    job = dg.Definitions([asset], resources=loaded.resources, jobs=[dg.define_asset_job("one", [asset])])
    with dg.DagsterInstance.ephemeral() as instance:
        done = job.resolve_job_def("one").execute_in_process(instance=instance, tags=tags, raise_on_error=False)
    (failure,) = [event for event in done.all_events if event.is_step_failure]
    error = failure.event_specific_data.error
    return (error.cause or error).message


@pytest.mark.parametrize("way", WAYS)
def test_the_error_names_the_day_and_the_setting(loaded, way):
    tags, words = WAYS[way]
    assert words in error_of(by_day(loaded)[0], loaded, tags)


def test_no_asset_by_day_begins_before_it_has_looked(loaded):
    tags, words = WAYS["a range"]
    for asset in by_day(loaded):
        assert words in error_of(asset, loaded, tags), asset.keys
