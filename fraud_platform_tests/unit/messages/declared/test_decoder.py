"""Messages of an unfamiliar world: twenty fields, some of them in objects of the message, in one declaration."""

import json

import pytest

from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.errors import ConfigurationError
from fraud_platform.messages.declared.decoder import TransactionDecoder

DECLARATION = read_declaration(
    """
name: transfers
message: {version: {member: meta.layout, equals: v3}}
fields:
  uuid: {type: id, role: transaction, path: meta.uuid, max_length: 36}
  payer: {type: id, role: key, path: payer.iban, personal: true, noun: account}
  payee: {type: id, path: payee.iban, entity: true, personal: true}
  payee_bank: {type: category, path: payee.bank.bic, pattern: "[A-Z0-9]{8,11}"}
  payee_name: {type: category, path: payee.name, optional: true, personal: true, max_length: 140}
  booked: {type: timestamp, role: time}
  due: {type: timestamp, optional: true, format: "%d.%m.%Y", zone: Europe/Berlin}
  opened: {type: timestamp, path: payer.opened-at, unit: s}
  amount: {type: decimal, role: amount, scale: 2, currency_field: currency}
  fee: {type: decimal, scale: 4, min: -100, max: 100, optional: true, default: 0}
  currency: {type: category, values: [EUR, CHF, USD]}
  balance: {type: number, path: payer.balance, optional: true}
  risk: {type: number, min: 0, max: 1}
  instant: {type: boolean}
  recurring: {type: boolean, optional: true, default: false}
  ip: {type: ip, path: "session.@ip", optional: true, entity: true}
  device: {type: id, path: session.device, optional: true, entity: true, default: unknown}
  latitude: {type: latitude, path: session.place.lat, optional: true}
  longitude: {type: longitude, path: session.place.lon, optional: true}
  entry: {type: category, path: "entrée"}
features:
  - {count: {}, per: payer, over: 1d}
""",
    "transfers.yaml",
)
DECODER = TransactionDecoder(DECLARATION)
BOOKED_MS = 1_780_000_000_000
MESSAGE = {
    "meta": {"layout": "v3", "uuid": "7b1c"},
    "payer": {"iban": "DE1", "balance": 12, "opened-at": 1_500_000_000},
    "payee": {"iban": "CH2", "bank": {"bic": "UBSWCHZH"}, "name": "Ada"},
    "booked": "2026-05-28T22:26:40.000+02:00",
    "due": "01.06.2026",
    "amount": "12.30",
    "fee": 0.0125,
    "currency": "CHF",
    "risk": 1,
    "instant": True,
    "recurring": None,
    "session": {"@ip": "2001:DB8::1", "device": "D1", "place": {"lat": 47, "lon": 8.5}, "agent": {"os": "x"}},
    "entrée": "app",
    "more": {"of": [{"what": "nobody asked for"}]},
}
ROW = {
    "uuid": "7b1c",
    "payer": "DE1",
    "payee": "CH2",
    "payee_bank": "UBSWCHZH",
    "payee_name": "Ada",
    "booked": BOOKED_MS,
    "due": 1_780_264_800_000,
    "opened": 1_500_000_000_000,
    "amount": 1230,
    "fee": 125,
    "currency": "CHF",
    "balance": 12.0,
    "risk": 1.0,
    "instant": True,
    "recurring": False,
    "ip": "2001:db8::1",
    "device": "D1",
    "latitude": 47.0,
    "longitude": 8.5,
    "entry": "app",
}


def outcome(message, key=b"DE1", time_ms=BOOKED_MS):
    """The row of a message, or field and reason."""
    value = message if isinstance(message, bytes) else json.dumps(message).encode()
    decoded = DECODER.decode([key], [value], [time_ms])
    if decoded.rejections:
        return decoded.rejections[0].field, decoded.rejections[0].reason
    return {name: column[0] for name, column in decoded.columns.items()}


def changed(**members):
    return {name: value for name, value in {**MESSAGE, **members}.items() if value is not ...}


def within(outer, **members):
    return changed(**{outer: {k: v for k, v in {**MESSAGE[outer], **members}.items() if v is not ...}})


def test_twenty_unfamiliar_fields_are_read_from_their_paths():
    assert len(ROW) == 20
    assert list(outcome(MESSAGE).items()) == list(ROW.items())
    assert outcome(json.dumps(MESSAGE, ensure_ascii=False, indent=1, separators=(" ,", " : ")).encode()) == ROW


@pytest.mark.parametrize("session", [..., None, {}, {"place": None}, {"place": {}, "@ip": None}])
def test_an_object_of_optional_fields_may_be_absent_null_or_empty(session):
    absent = {"ip": None, "device": "unknown", "latitude": None, "longitude": None}
    assert outcome(changed(session=session)) == ROW | absent


@pytest.mark.parametrize(
    ("message", "field", "reason"),
    [
        (changed(meta=...), "meta.layout", "is missing"),
        (within("meta", layout=...), "meta.layout", "is missing"),
        (within("meta", layout="v2"), "meta.layout", 'unknown version "v2", expected v3'),
        (changed(meta="v3"), "meta.layout", "expected `object`, got `str`"),
        (within("meta", uuid=...), "uuid", "is missing (meta.uuid)"),
        (changed(payer=None), "payer", "expected `object`, got `null` (payer.iban)"),
        (changed(payer=["DE1"]), "payer", "expected `object`, got `array` (payer.iban)"),
        (within("payee", bank=...), "payee_bank", "is missing (payee.bank.bic)"),
        (
            within("payee", bank={"bic": "?"}),
            "payee_bank",
            "expected `str` matching regex '\\\\A[A-Z0-9]{8,11}\\\\Z' (payee.bank.bic)",
        ),
        (within("payee", name="a\x1b[2J"), "payee_name", "has control characters"),
        (within("session", place=7), "latitude", "expected `object`, got `int` (session.place.lat)"),
        (within("payer", balance=float("nan")), "balance", "is not a finite number: NaN (payer.balance)"),
        (within("session", agent=float("inf")), "session.agent", "is not a finite number: Infinity"),
        (changed(currency="DEM"), "currency", "invalid enum value 'DEM'"),
        (changed(booked="2026-05-28 22:26"), "booked", "invalid RFC3339 encoded datetime"),
        (changed(booked="2026-05-28T22:26:40"), "booked", "expected `datetime` with a timezone component"),
        (changed(amount=0.001), "amount", "has more than 2 decimal places"),
        (changed(instant=...), "instant", "is missing"),
    ],
)
def test_a_fault_is_told_of_the_declared_field_and_of_where_the_message_has_it(message, field, reason):
    assert outcome(message) == (field, reason)


def test_the_key_is_that_of_the_payer():
    expected = ("key", "is not the payer, so the account's order is not kept")
    assert outcome(MESSAGE, key=b"CH2") == outcome(MESSAGE, key=None) == expected


@pytest.mark.parametrize("late_ms", [-300_001, 7 * 86_400_000 + 1])
def test_a_time_too_far_from_the_message_s_own_is_rejected(late_ms):
    assert outcome(MESSAGE, time_ms=BOOKED_MS + late_ms)[0] == "booked"
    assert outcome(MESSAGE, time_ms=BOOKED_MS + late_ms - (1 if late_ms > 0 else -1)) == ROW


@pytest.mark.parametrize(
    ("twice", "field", "reason"),
    [
        (b'"amount": 1', "amount", "is given twice"),
        (b'"more": 1', "more", "is given twice"),
        (b'"x": [{"a": 1, "a" : 1}]', "value", "has an object in which a is given twice"),
        (rb'"x": {"a": 1, "\u0061": 1}', "value", "has an object in which a is given twice"),
    ],
)
def test_a_name_given_twice_is_seen_wherever_it_is(twice, field, reason):
    assert outcome(json.dumps(MESSAGE).encode()[:-1] + b", " + twice + b"}") == (field, reason)


@pytest.mark.parametrize(
    "member",
    [b'"x": "\xff"', b'"x": ' + b"[" * 65 + b"]" * 65, b'"x": "\\ud800"', b'"x": 01', b"'x': 1"],
    ids=["no UTF-8", "too deep", "half a pair", "no number", "no name"],
)
def test_members_that_nobody_asked_for_have_to_be_json(member):
    assert outcome(json.dumps(MESSAGE).encode()[:-1] + b", " + member + b"}")[0] == "value"


@pytest.mark.parametrize("value", [None, b"", b"[]", b"null", b"7", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_rejected_as_a_whole(value):
    decoded = DECODER.decode([b"DE1"], [value], [BOOKED_MS])
    assert (decoded.accepted, [r.field for r in decoded.rejections]) == ([], ["value"])
    assert [*decoded.columns.values()] == [[]] * 20


def test_a_world_without_a_key_asks_nothing_of_kafka_s():
    decoder = TransactionDecoder(
        read_declaration(
            "name: u\nfields: {n: {type: id, role: transaction}, t: {type: timestamp, role: time, unit: s}}\n"
            "features: [{calendar: hour}]\n",
            "u.yaml",
        )
    )
    decoded = decoder.decode([None, b"any"], [b'{"n": "1", "t": 1780000000}'] * 2, [BOOKED_MS] * 2)
    assert decoded.columns == {"n": ["1", "1"], "t": [BOOKED_MS] * 2}


def test_a_batch_of_nothing_has_empty_columns():
    assert DECODER.decode([], [], []).columns == {name: [] for name in ROW}


def test_the_version_is_no_field_at_once():
    text = "name: u\nmessage: {version: {member: n, equals: 1}}\nfields: {n: {type: id, role: transaction}, "
    with pytest.raises(ConfigurationError, match=r"^u\.yaml:2:10: n is what field n is read from"):
        read_declaration(text + "t: {type: timestamp, role: time}}\nfeatures: [{calendar: hour}]\n", "u.yaml")
