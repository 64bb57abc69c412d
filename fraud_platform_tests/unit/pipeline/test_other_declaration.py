"""A declaration with two entities whose labels mature, three velocities and features in any order: batch and stream."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

DECLARATION = """
name: mixed
history: 5d
message: {version: {member: v, equals: 2}}
fields:
  id: {type: id, role: transaction, path: tx.id}
  card: {type: id, role: key, path: tx.card}
  at: {type: timestamp, role: time, unit: ms}
  paid: {type: decimal, role: amount, scale: 2}
  channel: {type: category, optional: true}
  shop: {type: id, entity: true}
  terminal: {type: id, entity: true, optional: true}
features:
  - {velocity: {}, per: shop, over: 10m}
  - {matured_count: {}, name: seen_online, per: terminal, over: [1d, 3d], where: {field: channel, equals: online}}
  - {value: paid}
  - {count: {}, per: card, over: 1d}
  - {fraud_share: {}, name: risk, per: shop, over: 3d, default: 0.125}
  - {velocity_share: {}, name: online, per: terminal, over: 6h, where: {field: channel, equals: online}}
  - {matured_mean: paid, name: mean_paid, per: terminal, over: 3d}
  - {velocity_distinct: card, per: shop, over: 6h}
"""
NAMES = [
    *("shop_velocity_10m", "seen_online_1d", "seen_online_3d", "paid", "count_1d"),
    *("risk_3d", "online_6h", "mean_paid_3d", "shop_cards_6h"),
]
FIRST_DAY, DAYS, DELAY_DAYS, HISTORY_DAYS = 20_500, 12, 2, 5
DAY_MS = 86_400_000


def transactions():
    """In the order of time; some are sent again, and shops and terminals share their names."""
    rng = np.random.default_rng(8)
    times_ms = FIRST_DAY * DAY_MS + np.sort(rng.integers(0, DAYS * DAY_MS, 900))
    rows = []
    for number, time_ms in enumerate(times_ms.tolist()):
        if number % 40 == 39:
            rows.append(rows[-1] | {"sent_ms": time_ms})
            continue
        card = f"c{rng.integers(8)}"
        row = {
            "id": f"t{number}",
            "card": card,
            "at": time_ms,
            "sent_ms": time_ms,
            "cents": int(rng.integers(1, 99_999)),
        }
        row |= {"shop": "abc"[rng.integers(3)], "terminal": [None, "a", "b"][rng.integers(3)]}
        rows.append(row | {"channel": [None, "online", "chip"][rng.integers(3)], "fraud": bool(rng.random() < 0.1)})
    ends = [0, 0]
    for row in rows:
        row["partition"] = int(row["card"][1]) % 2
        row["offset"], ends[row["partition"]] = ends[row["partition"]], ends[row["partition"]] + 1
    return rows


def message(row):
    document = {
        "v": 2,
        "tx": {"id": row["id"], "card": row["card"]},
        "at": row["at"],
        "paid": f"{row['cents'] / 100:.2f}",
    }
    return json.dumps(document | {name: row[name] for name in ("channel", "shop", "terminal")})


def reports(rows):
    """A day after the fraud; every other one names its card."""
    frauds = {(row["id"], row["card"]): row for row in rows if row["fraud"]}.values()
    return [
        {
            "transaction_id": row["id"],
            "customer_id": row["card"] if i % 2 else None,
            "reported_at_ms": row["at"] + DAY_MS,
        }
        for i, row in enumerate(frauds)
    ]


@pytest.fixture(scope="module")
def rows():
    return transactions()


@pytest.fixture(scope="module")
def found(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mixed")
    (folder / "mixed.yaml").write_text(DECLARATION)
    sent = {name: [row[name] for row in rows] for name in ("partition", "offset")}
    sent |= {"timestamp_ms": [row["sent_ms"] for row in rows], "key": [row["card"] for row in rows]}
    sent["value"] = [message(row) for row in rows]
    told = {"sent": sent, "reports": reports(rows), "delay_days": DELAY_DAYS}
    (folder / "sent.json").write_text(json.dumps(told))
    command = [sys.executable, "-m", "fraud_platform_tests.support.worlds.batch_and_stream", folder / "sent.json"]
    setting = {"DECLARATION": str(folder / "mixed.yaml"), "DATA_DIR": str(folder)}
    done = subprocess.run(command, env=os.environ | setting, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-8_000:]
    return json.loads(done.stdout)


def day_of(row):
    return row["sent_ms"] // DAY_MS


def matured(rows, entity, value, day, window):
    """Of the entity's transactions those that arrived in the window, each id once a history."""
    own = [row for row in rows if row[entity] == value]
    before = lambda row: [other for other in own[: own.index(row)] if other["id"] == row["id"]]  # noqa: E731
    return [
        row
        for row in own
        if day - DELAY_DAYS - window <= day_of(row) < day - DELAY_DAYS
        and not any(day_of(row) - day_of(other) <= HISTORY_DAYS for other in before(row))
    ]


def expected_risk(rows):
    """(entity, value, day) → features of an entity that has transactions in its longest window."""
    made = {}
    for day in range(FIRST_DAY, FIRST_DAY + DAYS + DELAY_DAYS + 1):
        for shop in "abc":
            in_3d = matured(rows, "shop", shop, day, 3)
            frauds = sum(row["fraud"] and row["at"] // DAY_MS + 1 < day for row in in_3d)
            if in_3d:
                made["shop", shop, day] = {"risk_3d": frauds / len(in_3d)}
        for terminal in "ab":
            in_1d, in_3d = (matured(rows, "terminal", terminal, day, window) for window in (1, 3))
            if in_3d:
                online = [sum(row["channel"] == "online" for row in part) for part in (in_1d, in_3d)]
                mean = sum(row["cents"] for row in in_3d) / 100 / len(in_3d)
                made["terminal", terminal, day] = {"seen_online_1d": online[0], "seen_online_3d": online[1]}
                made["terminal", terminal, day] |= {"mean_paid_3d": mean}
    return made


def test_risk_of_two_entities_is_that_of_the_loops(rows, found):
    made = {(row["entity"], row["value"], row["date"]): row for row in found["risk"]}
    expected = expected_risk(rows)
    assert len(made) == len(found["risk"]) and made.keys() == expected.keys()
    for place, features in expected.items():
        shown = {name: value for name, value in made[place].items() if name in NAMES and value is not None}
        assert shown == pytest.approx(features, rel=1e-12), place


def test_a_row_of_risk_has_the_features_of_its_own_entity_alone(found):
    own = {"shop": {"risk_3d"}, "terminal": {"seen_online_1d", "seen_online_3d", "mean_paid_3d"}}
    for row in found["risk"]:
        assert {name for name in NAMES if row.get(name) is not None} == own[row["entity"]]


def test_velocity_has_a_row_for_each_entity_that_a_transaction_names(rows, found):
    own = {"shop": {"shop_velocity_10m", "shop_cards_6h"}, "terminal": {"online_6h"}}
    for row in found["velocity"]:
        assert {name for name in NAMES if row.get(name) is not None} == own[row["entity"]]
    places = {(row["kafka_partition"], row["kafka_offset"], row["entity"]) for row in found["velocity"]}
    first = {(row["id"], row["card"]): row for row in reversed(rows)}.values()
    assert places == {
        (row["partition"], row["offset"], entity) for row in first for entity in own if row[entity] is not None
    }


def test_features_stand_in_the_order_of_declaration(rows, found):
    assert found["names"] == NAMES
    for row in rows:
        if features := found["batch"].get(f"{row['partition']}:{row['offset']}"):
            assert features[NAMES.index("paid")] == row["cents"] / 100
            assert features[NAMES.index("count_1d")] >= 1


def test_looked_up_features_are_those_of_the_day_or_the_defaults(rows, found):
    risk = expected_risk(rows)
    defaults = {"risk_3d": 0.125, "seen_online_1d": 0.0, "seen_online_3d": 0.0, "mean_paid_3d": 0.0}
    for row in rows:
        if features := found["batch"].get(f"{row['partition']}:{row['offset']}"):
            own = [risk.get((entity, row[entity], day_of(row)), {}) for entity in ("shop", "terminal")]
            expected = {**defaults, **own[0], **own[1]}
            assert {name: features[NAMES.index(name)] for name in defaults} == pytest.approx(expected, rel=1e-12)


def test_the_stream_gives_the_features_of_batch(rows, found):
    assert found["stream"] == found["batch"]
    assert len(found["batch"]) == len({(row["id"], row["card"]) for row in rows}) < len(rows)
    assert np.array([*found["stream"].values()]).any(axis=0).all()


def test_the_amount_at_stake_has_a_column_of_its_own(rows, found):
    paid = {(row["id"], row["card"]): row["cents"] / 100 for row in rows}
    assert sorted(found["amounts"]) == sorted(paid.values())
