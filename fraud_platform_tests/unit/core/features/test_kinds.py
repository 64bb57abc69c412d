"""Every kind of feature, in random lines over random transactions, against its plain loop and under random cuts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.declaration.kinds.matured_line import MaturedLine
from fraud_platform.core.declaration.kinds.table import FEATURE_KINDS
from fraud_platform.core.declaration.kinds.velocity_line import VelocityLine
from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.core.features.kernel import FeatureKernel
from fraud_platform_tests.support.reference_kinds import REFERENCES, reference

START_MS = 1_709_164_800_000  # 2024-02-29, a leap day
WORLD = """
name: any
history: 7d
fields:
  id: {type: id, role: transaction}
  card: {type: id, role: key}
  at: {type: timestamp, role: time, unit: ms}
  amount: {type: decimal, role: amount, scale: 2, min: -100000, max: 100000}
  huge: {type: decimal, scale: 3, optional: true}
  score: {type: number, optional: true}
  pin: {type: boolean, optional: true}
  shop: {type: id, entity: true, optional: true}
  mcc: {type: category, optional: true}
  ip: {type: ip, optional: true}
  opened: {type: timestamp, unit: ms, optional: true}
  latitude: {type: latitude, optional: true}
  longitude: {type: longitude, optional: true}
  home_latitude: {type: latitude, optional: true}
  home_longitude: {type: longitude, optional: true}
features:
"""
WINDOWS = ("1s", "1h", "1d", "7d")
CONDITIONS = (
    "",
    ", where: {field: amount, at_most: 0.29}",
    ", where: {field: amount, above: 0.29}",
    ", where: {field: huge, equals: 0.001}",
    ", where: {field: score, below: 2.5}",
    ", where: {field: pin, equals: false}",
    ", where: [{field: mcc, one_of: [a, b]}, {field: amount, at_least: -1}]",
)
NUMBERS, IDS = ("amount", "huge", "pin"), ("shop", "mcc", "ip")
EXPRESSIONS = ("amount / huge", "log1p(abs(score)) - pin", "maximum(amount, -score) * 2", "sqrt(amount) + exp(score)")


def optional(values: st.SearchStrategy) -> st.SearchStrategy:
    return st.one_of(st.none(), values)


transactions = st.fixed_dictionaries(
    {
        "gap": st.sampled_from([0, 1, 1000, 3_600_000, 86_400_000, 7 * 86_400_000, 8 * 86_400_000]),
        "late": st.sampled_from([0, 0, 0, 1, 3_600_000]),
        "id": st.integers(1, 30).map(str),
        "card": st.sampled_from(["x", "y"]),
        "amount": st.sampled_from([-1.5, 0.0, 0.28, 0.29, 0.3, 99_999.99, -100_000.0, 12.34]),
        "huge": optional(st.sampled_from([0.001, -0.001, 1.0, 999_999_999_999_999.0, -123_456_789_012.345])),
        "score": optional(st.sampled_from([-3.0, 0.0, 2.5, 2.4999999, 7.0])),
        "pin": optional(st.booleans()),
        "shop": optional(st.sampled_from(["s", "t", "u"])),
        "mcc": optional(st.sampled_from(["a", "b", "c"])),
        "ip": optional(st.sampled_from(["10.0.0.1", "::1"])),
        "opened": optional(st.integers(0, START_MS)),
        "latitude": optional(st.sampled_from([48.85, -33.9, 90.0])),
        "longitude": optional(st.sampled_from([2.35, 151.2, -180.0])),
        "home_latitude": optional(st.sampled_from([0.0, 48.85, -90.0])),
        "home_longitude": optional(st.sampled_from([0.0, 180.0, -2.35])),
    }
)


def per_card(kind: str, fields: tuple[str, ...], *, takes_condition: bool = True) -> st.SearchStrategy[str]:
    """Lines of a kind that looks at fields of the card's transactions."""
    conditions = st.sampled_from(CONDITIONS if takes_condition else ("",))
    line = f"{{{{{kind}: {{field}}, per: card, over: {{over}}{{where}}}}}}"
    return st.builds(line.format, field=st.sampled_from(fields), over=st.sampled_from(WINDOWS), where=conditions)


PLACE = ("[latitude, longitude]",)
LINES: dict[str, st.SearchStrategy[str]] = {
    **{kind: per_card(kind, NUMBERS) for kind in ("sum", "mean")},
    # Where numbers are huge and alike, a deviation is nothing but rounding.
    **{kind: per_card(kind, ("amount", "pin")) for kind in ("std", "zscore", "ratio_to_mean")},
    **{kind: per_card(kind, (*NUMBERS, "score")) for kind in ("min", "max")},
    **{kind: per_card(kind, PLACE, takes_condition=False) for kind in ("distance", "speed")},
    "count": per_card("count", ("{}",)),
    "distinct": per_card("distinct", IDS),
    "time_since_previous": per_card("time_since_previous", ("{}",), takes_condition=False),
    "first_seen": st.sampled_from(IDS).map("{{first_seen: {}, per: card}}".format),
    "distance_between": st.just("{distance_between: [[home_latitude, home_longitude], [latitude, longitude]]}"),
    "calendar": st.builds(
        "{{calendar: {}, at: {}}}".format,
        st.sampled_from(["hour", "weekday", "weekend", "night", "night, hours: [22, 3]", "night, hours: [3, 22]"]),
        st.sampled_from(["at", "opened"]),
    ),
    "value": st.sampled_from((*NUMBERS, "score")).map("{{value: {}}}".format),
    "expression": st.sampled_from(EXPRESSIONS).map("{{name: e, expression: '{}'}}".format),
}


def declared(line: str) -> Declaration:
    return read_declaration(f"{WORLD}  - {line}\n", "any.yaml")


def timed(drawn: list[dict]) -> tuple[list[dict], list[int]]:
    now, rows, arrivals = START_MS, [], []
    for transaction in drawn:
        now += transaction["gap"]
        rows.append({**transaction, "at": now - transaction["late"]})
        arrivals.append(now)
    return rows, arrivals


def computed(declaration: Declaration, rows: list[dict], arrivals: list[int], sizes: list[int]):
    kernel = FeatureKernel(declaration.world, declaration.declared)
    columns = {field.name: [row[field.name] for row in rows] for field in declaration.world}
    events = kernel.layout.rows(columns, arrivals)
    history, values, duplicate = kernel.layout.empty, [], []
    bounds = np.unique(np.clip(np.cumsum([0, *sizes]), 0, len(events)))
    for start, stop in zip(bounds, [*bounds[1:], len(events)], strict=True):
        result = kernel.features(history, events[start:stop])
        history = kernel.layout.joined((history, result.kept))
        values.append(result.values)
        duplicate.append(result.duplicate)
    return np.concatenate(values)[:, 0], np.concatenate(duplicate)


def test_every_kind_that_the_kernel_computes_has_its_plain_loop():
    elsewhere = {name for name, kind in FEATURE_KINDS.items() if issubclass(kind, (MaturedLine, VelocityLine))}
    assert set(REFERENCES) == set(LINES) == set(FEATURE_KINDS) - elsewhere


@pytest.mark.parametrize("kind", REFERENCES)
def test_values_are_those_of_the_plain_loop_however_rows_are_cut(kind):
    @settings(max_examples=60, deadline=None)
    @given(LINES[kind], st.lists(transactions, min_size=1, max_size=25), st.lists(st.integers(1, 9), max_size=6))
    def holds(line, drawn, sizes):
        declaration = declared(line)
        rows, arrivals = timed(drawn)
        whole, duplicate = computed(declaration, rows, arrivals, [])
        in_parts, duplicate_in_parts = computed(declaration, rows, arrivals, sizes)
        np.testing.assert_array_equal(in_parts, whole)
        np.testing.assert_array_equal(duplicate_in_parts, duplicate)
        expected, duplicates = reference(declaration, declaration.declared[0], rows)
        assert duplicate.tolist() == duplicates
        np.testing.assert_allclose(whole, expected, rtol=1e-9, atol=1e-6)

    holds()
