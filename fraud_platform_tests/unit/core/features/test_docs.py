"""docs/features.md says what the table declares."""

import pytest

from fraud_platform.core.features.declaration import Feature
from fraud_platform.core.features.docs import features_markdown
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform_tests.support.simulated_world import FEATURE_SET, FEATURES

PAGE = PROJECT_ROOT / "docs" / "features.md"


def test_the_page_is_the_generator_s_output():
    assert PAGE.read_text() == features_markdown(FEATURES), "run `make docs`"


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_every_feature_has_one_row(feature):
    assert features_markdown(FEATURES).count(f"| `{feature.name}` | {feature.entity} |") == 1


def test_the_page_does_not_quote_the_hash_that_changes_with_it():
    assert FEATURE_SET.hash not in features_markdown(FEATURES)


def test_a_new_entity_gets_its_own_table():
    page = features_markdown([*FEATURES, Feature("device_customers_7d", "device", "7d", "customers", "a|b", 0.5)])
    table = page.split("## Device\n")[1]
    assert "| `device_customers_7d` | device | 7d | customers | 0.5 | a\\|b |\n" in table
