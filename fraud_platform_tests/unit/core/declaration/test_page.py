"""docs/declaration.md says what the reader takes."""

import re

import pytest

from fraud_platform.core.declaration.fields.table import FIELD_TYPES
from fraud_platform.core.declaration.kinds.expression import FUNCTIONS
from fraud_platform.core.declaration.kinds.table import FEATURE_KINDS
from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.project_root import PROJECT_ROOT

PAGE = (PROJECT_ROOT / "docs" / "declaration.md").read_text()


def test_its_example_is_a_declaration():
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    declaration = read_declaration(example, "declaration.md")
    assert [feature.name for feature in declaration.features] == [
        *("count_1h", "count_1d", "count_7d", "count_30d", "mean_1d", "mean_7d", "mean_30d"),
        *("merchants_1d", "mcc", "emptied", "small_count_1h"),
        *("merchant_count_7d", "merchant_fraud_share_7d", "merchant_count_30d", "merchant_fraud_share_30d"),
    ]


@pytest.mark.parametrize("name", [*FEATURE_KINDS, *FIELD_TYPES])
def test_every_kind_and_type_is_in_a_table(name):
    assert re.search(rf"^\|.*`{name}`", PAGE, re.MULTILINE)


@pytest.mark.parametrize("name", FIELD_TYPES)
def test_every_option_of_a_type_is_in_its_row(name):
    (row,) = re.findall(rf"^\|[^|]*`{name}`.*", PAGE, re.MULTILINE)
    common = {"name", "path", "optional", "personal", "noun", "plural"}
    own = set(FIELD_TYPES[name].__struct_fields__) - common - {"role"}
    assert [option for option in own if f"`{option}`" not in row] == []


def test_every_function_of_expressions_is_told():
    assert [name for name in FUNCTIONS if not re.search(rf"`expression` knows.*\b{name}\b", PAGE)] == []
