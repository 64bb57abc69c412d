"""Columns of a table on its asset's page: names, types and meanings, and what each was made from."""

from typing import Any

import dagster as dg

from fraud_platform.declared import FEATURE_SET
from fraud_platform.pipeline import tables
from fraud_platform.storage.lake import Table

_MEANINGS = {field.name: field.called for field in FEATURE_SET.world} | {
    feature.name: f"{feature.meaning} ({feature.unit})" if feature.unit else feature.meaning
    for feature in FEATURE_SET.features
}


def schema_of(table: Table) -> dict[str, Any]:
    """Metadata of an asset's definition: the table's columns, in their order."""
    columns = [dg.TableColumn(f.name, str(f.type), description=_MEANINGS.get(f.name)) for f in table.schema]
    return {"dagster/column_schema": dg.TableSchema(columns=columns)}


def lineage_of_features() -> dict[str, Any]:
    """Metadata of a materialisation of transaction_features: the columns that each feature comes from."""
    looked_up = dict.fromkeys((one.feature.name for one in FEATURE_SET.matured_features), tables.MERCHANT_RISK.asset)
    looked_up |= dict.fromkeys((one.feature.name for one in FEATURE_SET.velocity.declared), tables.VELOCITY.asset)
    return {
        "dagster/column_lineage": dg.TableColumnLineage(
            {
                one.feature.name: [_column(looked_up[one.feature.name], one.feature.name)]
                if one.feature.name in looked_up
                else [_column(tables.TRANSACTIONS.asset, name) for name in FEATURE_SET.fields_of(one)]
                for one in FEATURE_SET.declaration.declared
            }
        )
    }


def _column(asset: str, name: str) -> dg.TableColumnDep:
    return dg.TableColumnDep(asset_key=dg.AssetKey(asset), column_name=name)
