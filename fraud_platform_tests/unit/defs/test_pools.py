"""Each table has one writer at a time: the assets that write one are each in a pool, and a pool has one place."""

import dagster as dg
import pytest
import yaml

from fraud_platform.definitions import defs
from fraud_platform.settings import PROJECT_ROOT
from fraud_platform.storage.lake import TABLES


def test_every_asset_that_writes_a_table_is_in_a_pool_of_its_own() -> None:
    graph = defs.resolve_asset_graph()
    pools = {asset: graph.get(dg.AssetKey(asset)).pools for asset in TABLES.values()}
    assert all(len(of_asset) == 1 for of_asset in pools.values()), pools
    together = {asset for asset in pools if asset.startswith("raw_")}  # one step writes all three
    assert len(set().union(*pools.values())) == len(pools) - len(together) + 1


@pytest.mark.parametrize("path", ["dagster.yaml", "docker/dagster.yaml"])
def test_a_pool_has_one_place_that_a_dead_run_gives_back(path: str) -> None:
    instance = yaml.safe_load((PROJECT_ROOT / path).read_text())
    assert instance["concurrency"]["pools"] == {"granularity": "op", "default_limit": 1}
    assert instance["run_monitoring"]["free_slots_after_run_end_seconds"] > 0
