"""Each table has one writer at a time: the assets that write one are each in a pool, and a pool has one place."""

from collections import Counter

import dagster as dg
import pytest
import yaml

from fraud_platform.definitions import defs
from fraud_platform.pipeline import tables
from fraud_platform.project_root import PROJECT_ROOT


def test_every_asset_that_writes_a_table_is_in_the_pool_of_its_step() -> None:
    graph = defs.resolve_asset_graph()
    pools = {asset: graph.get(dg.AssetKey(asset)).pools for asset in {table.asset for table in tables.ALL}}
    assert all(len(of_asset) == 1 for of_asset in pools.values()), pools
    of_pools = Counter(pool for of_asset in pools.values() for pool in of_asset)
    assert {pool: n for pool, n in of_pools.items() if n > 1} == {"raw": 2, "decoded": 3}, "steps that write several"


@pytest.mark.parametrize("path", ["dagster.yaml", "docker/dagster.yaml"])
def test_a_pool_has_one_place_that_a_dead_run_gives_back(path: str) -> None:
    instance = yaml.safe_load((PROJECT_ROOT / path).read_text())
    assert instance["concurrency"]["pools"] == {"granularity": "op", "default_limit": 1}
    assert instance["run_monitoring"]["free_slots_after_run_end_seconds"] > 0
