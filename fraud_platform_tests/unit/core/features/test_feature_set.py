"""A declaration's features in their order, whatever computes each; and worlds that have less than the simulated one."""

import numpy as np
import pytest

from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.core.features.entity_events import entity_events_of, no_entity_events
from fraud_platform.core.features.feature_set import FeatureSet, default_rows
from fraud_platform.core.features.velocity import index_of, velocities_among
from fraud_platform.shipped_declarations import shipped_declaration, shipped_names
from fraud_platform_tests.support.simulated_world import FEATURE_SET

MIXED = """
name: mixed
history: 36h
fields:
  id: {type: id, role: transaction}
  card: {type: id, role: key}
  at: {type: timestamp, role: time, unit: ms}
  paid: {type: decimal, role: amount, scale: 2}
  channel: {type: category}
  shop: {type: id, entity: true}
  terminal: {type: id, entity: true, optional: true}
features:
  - {velocity: {}, per: shop, over: 10m}
  - {value: paid}
  - {matured_count: {}, per: terminal, over: 1d, where: {field: channel, equals: online}}
  - {count: {}, per: card, over: 1h}
  - {fraud_share: {}, per: shop, over: 1d, default: 0.25}
  - {velocity: {}, per: terminal, over: 10m}
  - {value: channel}
  - {matured_mean: paid, per: terminal, over: 1d}
"""
NOW_MS = 1_709_164_800_000


def feature_set(text: str | bytes) -> FeatureSet:
    return FeatureSet(read_declaration(text, "any.yaml"))


@pytest.fixture(scope="module")
def mixed() -> FeatureSet:
    return feature_set(MIXED)


@pytest.fixture(scope="module")
def ulb() -> FeatureSet:
    return feature_set(shipped_declaration("ulb"))


def named(declared) -> list[str]:
    return [one.feature.name for one in declared]


def test_features_are_told_apart_by_what_computes_them(mixed):
    assert named(mixed.of_key) == ["paid", "count_1h", "channel"]
    assert {entity: named(own) for entity, own in mixed.matured.items()} == {
        "terminal": ["terminal_count_1d", "terminal_mean_1d"],
        "shop": ["shop_fraud_share_1d"],
    }
    assert named(mixed.velocity.declared) == ["shop_velocity_10m", "terminal_velocity_10m"]


def test_values_are_joined_in_the_order_of_declaration(mixed):
    of_key, matured, velocities = np.array([[1.0, 3.0, 6.0]]), np.array([[2.0, 7.0, 4.0]]), np.array([[0.0, 5.0]])
    assert mixed.joined(of_key, matured, velocities).tolist() == [[0, 1, 2, 3, 4, 5, 6, 7]]
    assert mixed.joined(of_key[:0], matured[:0], velocities[:0]).shape == (0, 8)


def test_rows_are_joined_row_by_row(mixed):
    parts = [np.arange(4.0 * width).reshape(4, width) for width in (3, 3, 2)]
    whole = mixed.joined(*parts)
    for row in range(4):
        np.testing.assert_array_equal(whole[[row]], mixed.joined(*(part[[row]] for part in parts)))


def test_defaults_stand_at_the_place_of_their_feature(mixed):
    values = mixed.joined(
        *(default_rows(declared, 2) for declared in (mixed.of_key, mixed.matured_features, mixed.velocity.declared))
    )
    assert values.tolist() == [[feature.default for feature in mixed.features]] * 2
    assert values[0, mixed.names.index("shop_fraud_share_1d")] == 0.25


def test_a_feature_set_knows_the_fields_of_its_roles_and_of_its_matured_features(mixed):
    assert (mixed.transaction, mixed.key, mixed.time, mixed.amount) == ("id", "card", "at", "paid")
    assert set(mixed.matured_fields) == {"terminal", "shop", "channel", "paid"}
    assert [mixed.names[column] for column in mixed.categories] == ["channel"]
    assert mixed.history_days == 2
    assert not mixed.shows_amount and FEATURE_SET.shows_amount and FEATURE_SET.categories == ()


def test_the_order_of_features_makes_another_set(mixed):
    head, features = MIXED.split("features:\n")
    lines = features.strip("\n").split("\n")
    assert feature_set(f"{head}features:\n" + "\n".join(reversed(lines))).hash != mixed.hash
    assert feature_set(MIXED.replace("history: 36h", "history: 3d")).hash != mixed.hash
    assert feature_set(MIXED).hash == mixed.hash


SERVED = {
    "another feature of the key": ("{count: {}, per: card, over: 1h}", "{sum: paid, per: card, over: 2h}"),
    "another feature of labels": ("{matured_mean: paid, per: terminal, over: 1d}", "{calendar: hour}"),
    "another name of a velocity": ("{velocity: {}, per: shop,", "{velocity: {}, name: visits, per: shop,"),
    "another kind of the same counts": ("{velocity: {}, per: terminal,", "{velocity_distinct: card, per: terminal,"),
}
NOT_SERVED = {
    "another field": ("  channel: {type: category}", "  channel: {type: category}\n  more: {type: number}"),
    "other units": ("scale: 2", "scale: 3"),
    "a longer history": ("history: 36h", "history: 37h"),
    "another window of a velocity": ("per: terminal, over: 10m", "per: terminal, over: 11m"),
    "another entity": ("{velocity: {}, per: terminal, over: 10m}", "{calendar: hour}"),
    "a condition": ("per: shop, over: 10m", "per: shop, over: 10m, where: {field: channel, equals: online}"),
}


@pytest.mark.parametrize("name", SERVED)
def test_state_serves_other_features_of_the_same_fields_and_counts(mixed, name):
    other = feature_set(MIXED.replace(*SERVED[name]))
    assert other.state_version == mixed.state_version and other.hash != mixed.hash


@pytest.mark.parametrize("name", NOT_SERVED)
def test_state_of_other_fields_units_or_counts_does_not_serve(mixed, name):
    assert MIXED.replace(*NOT_SERVED[name]) != MIXED
    assert feature_set(MIXED.replace(*NOT_SERVED[name])).state_version != mixed.state_version


def test_of_the_simulated_world_all_parts_follow_each_other():
    parts = FEATURE_SET.of_key, FEATURE_SET.matured_features, FEATURE_SET.velocity.declared
    whole = FEATURE_SET.joined(*(np.arange(1.0 * len(part))[np.newaxis] for part in parts))
    assert whole.tolist() == [[*range(len(parts[0])), *range(len(parts[1])), *range(len(parts[2]))]]


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_world_has_all_its_features_in_one_of_the_parts(name):
    found = feature_set(shipped_declaration(name))
    parts = (found.of_key, found.matured_features, found.velocity.declared)
    assert sorted(found.names) == sorted(name for part in parts for name in named(part))
    assert found.joined(*(default_rows(part, 1) for part in parts)).shape == (1, len(found.names))


def test_a_world_may_have_no_key_no_velocities_and_nothing_matured(ulb):
    assert (ulb.key, ulb.matured, ulb.matured_features, ulb.matured_fields) == (ulb.transaction, {}, (), ())
    assert (ulb.velocity.entities, ulb.velocity.windows, ulb.velocity.reach_ms) == ((), (), 60_000)


def ulb_events(ulb: FeatureSet, ids: list[str], hours: list[int], amounts: list[float]):
    columns = {f"v{i}": [i + row / 10 for row in range(len(ids))] for i in range(1, 29)}
    times_ms = [NOW_MS + hour * 3_600_000 for hour in hours]
    columns |= {ulb.transaction: ids, ulb.time: times_ms, ulb.amount: amounts}
    return ulb.layout.rows(columns, times_ms)


def test_such_a_world_s_features_are_those_of_the_transaction_alone(ulb):
    events = ulb_events(ulb, ["1", "2", "1"], [3, 14, 15], [149.62, 0.0, 5.0])
    result = ulb.kernel.features(ulb.layout.empty, events)
    assert result.duplicate.tolist() == [False, False, True]
    values = ulb.joined(result.values, np.empty((3, 0)), np.empty((3, 0)))
    rows = [dict(zip(ulb.names, row, strict=True)) for row in values.tolist()]
    assert [rows[i]["amount"] for i in (0, 1)] == [149.62, 0.0]
    assert [rows[i]["hour"] for i in (0, 1)] == [3, 14] and [rows[i]["is_night"] for i in (0, 1)] == [1, 0]
    assert [rows[i]["v28"] for i in (0, 1)] == [28.0, 28.1]
    assert not values[2].any()


def test_its_features_do_not_depend_on_what_came_before(ulb):
    events = ulb_events(ulb, ["1", "2", "3"], [3, 14, 15], [1.0, 2.0, 3.0])
    whole = ulb.kernel.features(ulb.layout.empty, events)
    again = ulb.kernel.features(whole.kept, ulb_events(ulb, ["4"], [14], [2.0]))
    assert again.values[0, ulb.names.index("amount")] == 2.0
    np.testing.assert_array_equal(
        np.delete(again.values[0], _v_columns(ulb)), np.delete(whole.values[1], _v_columns(ulb))
    )


def _v_columns(ulb: FeatureSet) -> list[int]:
    return [column for column, name in enumerate(ulb.names) if name.startswith("v")]


def test_transactions_without_entities_have_no_velocities(ulb):
    arrangement = ulb.kernel.arrange(ulb.layout.empty, ulb_events(ulb, ["1", "2"], [3, 14], [1.0, 2.0]))
    entity_events = entity_events_of(ulb.velocity, arrangement)
    assert entity_events.shape == (2, 0)
    assert velocities_among(ulb.velocity, entity_events).shape == (2, 0)


def test_an_index_of_no_windows_counts_nothing(ulb):
    index = index_of(ulb.velocity, no_entity_events(ulb.velocity, 3).reshape(-1))
    assert index.counts(ulb.velocity, np.empty(0, np.int64), np.empty(0, np.int64)).shape == (0, 0, 2)


def test_what_computes_a_feature_is_part_of_its_version_whatever_it_is_called():
    text = shipped_declaration("simulated").decode()
    other = text.replace(
        "where: {field: amount, at_most: 5}\n    meaning", "where: {field: amount, at_most: 9}\n    meaning"
    )
    assert other != text
    one, two = (FeatureSet(read_declaration(source, "simulated.yaml")) for source in (text, other))
    assert [f.definition for f in one.features] == [f.definition for f in two.features] and one.hash != two.hash


def test_a_feature_knows_the_fields_that_it_is_made_from():
    of = {one.feature.name: FEATURE_SET.fields_of(one) for one in FEATURE_SET.declaration.declared}
    assert of["amount"] == ("amount",)
    assert of["small_count_1h"] == ("customer_id", "event_time_ms", "amount")
    assert of["speed_kmh"] == ("customer_id", "event_time_ms", "latitude", "longitude")
    assert of["hour"] == ("event_time_ms",)
    assert of["device_small_share_1h"] == ("event_time_ms", "amount", "device_id")
    sets = [FeatureSet(read_declaration(shipped_declaration(name), name)) for name in shipped_names()]
    assert all(one.fields_of(feature) for one in sets for feature in one.declaration.declared)
