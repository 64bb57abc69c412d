"""Columns on the pages of assets."""

from fraud_platform.definitions import definitions
from fraud_platform.defs.columns import lineage_of_features, schema_of
from fraud_platform.pipeline import tables
from fraud_platform.resources.platform import PlatformResource
from fraud_platform_tests.support.simulated_world import FEATURE_NAMES

SCHEMA = "dagster/column_schema"


def test_a_schema_has_the_table_s_columns_with_their_meanings():
    columns = {column.name: column for column in schema_of(tables.FEATURES)[SCHEMA].columns}
    assert list(columns) == tables.FEATURES.schema.names
    assert columns["count_1h"].type == "double" and columns["count_1h"].description.startswith("transactions in 1h")


def test_every_asset_with_a_table_shows_its_columns():
    graph = definitions(PlatformResource(overrides={})).resolve_asset_graph()
    shown = {node.key.to_user_string(): node.metadata for node in graph.asset_nodes}
    for table in tables.ALL:
        assert SCHEMA in shown[table.asset], table.asset


def test_each_feature_has_the_columns_that_it_comes_from():
    deps = lineage_of_features()["dagster/column_lineage"].deps_by_column
    assert tuple(deps) == FEATURE_NAMES and all(deps.values())
    places = {name: {(dep.asset_key.to_user_string(), dep.column_name) for dep in own} for name, own in deps.items()}
    assert places["merchant_risk_7d"] == {("merchant_risk", "merchant_risk_7d")}
    assert places["device_velocity_1h"] == {("velocity", "device_velocity_1h")}
    assert ("transactions", "country") in places["is_new_country"]
