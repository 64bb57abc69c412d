"""Runs an asset check on a materialisation that never ran: on rows that a test wrote."""

from typing import Any

import dagster as dg

from fraud_platform.resources.platform import PlatformResource


def passes(check: dg.AssetChecksDefinition, platform: PlatformResource, asset: str, **metadata: Any) -> bool:
    """What a check finds whose asset was materialised last with this metadata."""
    with dg.DagsterInstance.ephemeral() as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization(asset, metadata=metadata))
        return check(dg.build_asset_check_context(instance=instance), platform).passed
