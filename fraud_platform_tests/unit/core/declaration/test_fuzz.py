"""Whatever is in a file, reading it raises ConfigurationError or nothing."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.declaration.fields.table import FIELD_TYPES
from fraud_platform.core.declaration.kinds.table import FEATURE_KINDS
from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.errors import ConfigurationError
from fraud_platform.shipped_declarations import shipped_declaration
from fraud_platform_tests.support.declarations import FIELDS, text_of

SIMULATED = shipped_declaration("simulated").decode()
OPTIONS = (
    *FEATURE_KINDS,
    *(
        "name",
        "per",
        "over",
        "where",
        "of",
        "at",
        "unit",
        "meaning",
        "default",
        "words",
        "words_if_default",
        "features",
    ),
    *(
        "type",
        "role",
        "path",
        "optional",
        "entity",
        "scale",
        "min",
        "max",
        "values",
        "pattern",
        "format",
        "zone",
        "epoch",
        "members",
        "prefix",
        "field",
    ),
    *("equals", "one_of", "at_most"),
)
WORDS = (
    *FIELDS,
    *FIELD_TYPES,
    *FEATURE_KINDS,
    "1h",
    "30d",
    "45d",
    "{value:.2f}",
    "{",
    "amount / 0",
    "-" * 300,
    "1e400",
    "%Y",
    "2013-09-01T00:00:00Z",
    "a\\.b",
    "a\n",
)
values = st.recursive(
    st.sampled_from(WORDS) | st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(OPTIONS), inner, max_size=4),
    max_leaves=8,
)
EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


def is_read_or_refused(text: str | bytes) -> bool:
    try:
        return isinstance(read_declaration(text, "x.yaml"), Declaration)
    except ConfigurationError as error:
        return all(line.startswith(("x.yaml:", "… and ")) for line in str(error).split("\n"))


def flow(value: object) -> str:
    """The value as YAML on one line, its text in quotes only where it has to be."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {flow(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str) and not value.replace("_", "").isalnum():
        return "'" + value.replace("'", "''") + "'"
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


@EXAMPLES
@given(st.text() | st.binary() | st.text(alphabet="ab:-?[]{}&*!|>'\"#%@` \t\n,"))
def test_any_text(text):
    assert is_read_or_refused(text)


@EXAMPLES
@given(st.data())
def test_a_declaration_with_a_piece_of_it_replaced(data):
    start = data.draw(st.integers(0, len(SIMULATED)))
    end = data.draw(st.integers(start, min(start + 30, len(SIMULATED))))
    instead = data.draw(st.text(max_size=5) | st.sampled_from(WORDS) | values.map(flow))
    assert is_read_or_refused(SIMULATED[:start] + instead + SIMULATED[end:])


@EXAMPLES
@given(st.dictionaries(st.sampled_from(OPTIONS), values, max_size=6))
def test_any_options_of_a_feature(options):
    assert is_read_or_refused(text_of(flow(options)))


@EXAMPLES
@given(st.sampled_from(list(FEATURE_KINDS)), st.dictionaries(st.sampled_from(OPTIONS), values, max_size=4))
def test_any_options_of_a_kind(kind, options):
    usual = {kind: {}, "per": "card", "over": "1d", "name": "mine"}
    assert is_read_or_refused(text_of(flow(usual | options)))


@EXAMPLES
@given(st.sampled_from(list(FIELD_TYPES)), st.dictionaries(st.sampled_from(OPTIONS), values, max_size=4))
def test_any_options_of_a_field(name, options):
    assert is_read_or_refused(text_of(x=flow({"type": name, "scale": 2} | options)))
