"""A small lake, and a training set that was materialised over it."""

import dagster as dg
import pytest

from fraud_platform.resources.platform import PlatformResource
from fraud_platform_tests.support import feature_lake
from fraud_platform_tests.support.training_assets import materialise, platform_at


@pytest.fixture(scope="module")
def platform(tmp_path_factory) -> PlatformResource:
    resource = platform_at(tmp_path_factory.mktemp("lake"))
    feature_lake.fill(resource.lake)
    return resource


@pytest.fixture(scope="module")
def result(platform) -> dg.ExecuteInProcessResult:
    return materialise(platform)
