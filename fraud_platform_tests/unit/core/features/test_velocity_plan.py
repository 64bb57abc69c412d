"""Velocities of other declarations: three entities, two conditions and windows of their own, against plain loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.core.features.entity_events import entity_event_type, entity_events_of
from fraud_platform.core.features.feature_set import FeatureSet
from fraud_platform.core.features.velocity import index_of, merged, velocities_among
from fraud_platform.core.features.velocity_plan import SETTLE_MS
from fraud_platform_tests.support.reference_kinds import Scale, meets

DECLARATION = read_declaration(
    """
name: three
history: 3d
fields:
  id: {type: id, role: transaction}
  card: {type: id, role: key}
  at: {type: timestamp, role: time, unit: ms}
  amount: {type: decimal, role: amount, scale: 2}
  channel: {type: category, optional: true}
  shop: {type: id, entity: true}
  terminal: {type: id, entity: true, optional: true}
  country: {type: category, entity: true, optional: true}
features:
  - {velocity: {}, per: terminal, over: 6h}
  - {value: amount}
  - {velocity: {}, name: shop_online, per: shop, over: [10m, 6h], where: {field: channel, equals: online}}
  - {velocity_distinct: card, per: country, over: [10m, 6h]}
  - {velocity_share: {}, name: country_small, per: country, over: 10m, where: {field: amount, at_most: 0.29}}
  - {velocity_share: {}, name: shop_small, per: shop, over: 6h, where: {field: amount, at_most: 0.29}}
  - {velocity: {}, per: shop, over: 10m}
  - {velocity_distinct: card, per: terminal, over: 10m}
""",
    "three.yaml",
)
FEATURE_SET = FeatureSet(DECLARATION)
PLAN, KERNEL, LAYOUT = FEATURE_SET.velocity, FEATURE_SET.kernel, FEATURE_SET.layout
WINDOWS_MS = {"10m": 600_000, "6h": 6 * 3_600_000}
START_MS = 1_709_164_800_000  # 2024-02-29, a leap day

transactions = st.fixed_dictionaries(
    {
        "gap": st.builds(
            lambda whole, more: max(0, whole + more),
            st.sampled_from(
                [0, 0, 1000, SETTLE_MS, *(ms + more for ms in WINDOWS_MS.values() for more in (0, SETTLE_MS))]
            ),
            st.sampled_from([-1, 0, 0, 1]),
        ),
        "late": st.sampled_from([0, 0, 0, -1000, 3_600_000]),
        "id": st.integers(1, 30).map(str),
        "card": st.sampled_from(["x", "y", "z"]),
        "amount": st.sampled_from([0.0, 0.28, 0.29, 0.3, 50.0]),
        "channel": st.sampled_from([None, "online", "chip"]),
        "shop": st.sampled_from(["a", "b"]),
        "terminal": st.sampled_from([None, "a", "b"]),
        "country": st.sampled_from([None, "a", "b"]),
    }
)


def timed(drawn):
    now, rows = START_MS, []
    for transaction in drawn:
        now += transaction["gap"]
        rows.append({**transaction, "at": now - transaction["late"], "arrival": now})
    return rows


def events_of(rows):
    columns = {name: [row[name] for row in rows] for name in DECLARATION.world.names}
    return LAYOUT.rows(columns, [row["arrival"] for row in rows])


def loops(rows):
    """A plain reading of what each velocity says of itself."""
    duplicate = KERNEL.arrange(LAYOUT.empty, events_of(rows)).duplicate
    kept = [row for row, is_duplicate in zip(rows, duplicate, strict=True) if not is_duplicate]
    values = np.zeros((len(rows), len(PLAN.declared)))
    for number in np.flatnonzero(~duplicate):
        for column, declared in enumerate(PLAN.declared):
            values[number, column] = velocity(declared, rows[number], kept)
    return values


def velocity(declared, asking, kept):
    line = declared.line
    if asking[line.per] is None:
        return 0.0
    end = min(asking["at"], asking["arrival"]) - SETTLE_MS
    start = end - WINDOWS_MS[declared.feature.window]
    at_entity = [row for row in kept if row[line.per] == asking[line.per]]
    inside = [row for row in at_entity if start < arrival_at(row, at_entity) <= end]
    meeting = [row for row in inside if meets(line.where, row, Scale(DECLARATION))]
    if line.option == "velocity_distinct":
        return len({row["card"] for row in inside})
    return len(meeting) / max(len(inside), 1) if line.option == "velocity_share" else len(meeting)


def arrival_at(row, at_entity):
    """Never before the card's earlier transactions there."""
    before = at_entity[: at_entity.index(row) + 1]
    return max(other["arrival"] for other in before if other["card"] == row["card"])


def test_a_plan_has_each_entity_window_and_condition_once_in_the_order_of_declaration():
    assert PLAN.entities == ("terminal", "shop", "country")
    assert [window.text for window in PLAN.windows] == ["6h", "10m"]
    assert [test.field for where in PLAN.conditions for test in where] == ["channel", "amount"]
    assert PLAN.reach_ms == SETTLE_MS + WINDOWS_MS["6h"]
    assert [name for name in entity_event_type(PLAN).names if name.startswith("met_")] == ["met_0", "met_1"]


@settings(max_examples=200, deadline=None)
@given(st.lists(transactions, min_size=1, max_size=30))
def test_values_equal_the_loops(drawn):
    rows = timed(drawn)
    entity_events = entity_events_of(PLAN, KERNEL.arrange(LAYOUT.empty, events_of(rows)))
    np.testing.assert_array_equal(velocities_among(PLAN, entity_events), loops(rows))


@settings(max_examples=100, deadline=None)
@given(st.lists(transactions, min_size=2, max_size=30), st.integers(1, 29))
def test_counts_of_two_indices_add_up_and_so_do_those_of_their_merge(drawn, cut):
    entity_events = entity_events_of(PLAN, KERNEL.arrange(LAYOUT.empty, events_of(timed(drawn))))
    asked = entity_events.reshape(-1)
    parts = [index_of(PLAN, part.reshape(-1)) for part in (entity_events[:cut], entity_events[cut:])]
    whole, *others = (
        sum(index.counts(PLAN, asked["entity"], asked["asked_ms"]) for index in indices)
        for indices in ([index_of(PLAN, asked)], parts, [merged(parts, START_MS - PLAN.reach_ms)])
    )
    for found in others:
        np.testing.assert_array_equal(found, whole)


@pytest.mark.parametrize("entity", ["terminal", "shop", "country"])
def test_an_entity_has_its_own_values_alone_as_it_has_among_the_others(entity):
    rows = timed(
        [
            {"gap": 240_000, "late": 0, "id": str(i), "card": "xyz"[i % 3], "amount": i % 4 / 10}
            | {"channel": ["online", "chip"][i % 2], "shop": "ab"[i % 2], "terminal": "a", "country": "a"}
            for i in range(60)
        ]
    )
    entity_events = entity_events_of(PLAN, KERNEL.arrange(LAYOUT.empty, events_of(rows)))
    own = entity_events[:, PLAN.entities.index(entity)]
    counts = index_of(PLAN, own).counts(PLAN, own["entity"], own["asked_ms"])
    alone, whole = PLAN.values_of(entity, counts), velocities_among(PLAN, entity_events)
    np.testing.assert_array_equal(alone, whole[:, PLAN.of_entity(entity)])
    assert alone.any(axis=0).all()
    assert [PLAN.declared[i].line.per for i in PLAN.of_entity(entity)] == [entity] * alone.shape[1]
