"""Messages of change data capture: the transaction lies in a member, and deletions are skipped."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.messages.declared.decoder import TransactionDecoder
from fraud_platform.messages.declared.envelope import DELETION, Envelope
from fraud_platform.messages.declared.message_schema import message_json_schema

DECLARATION = """
name: captured
message: {{format: json, envelope: {path}}}
fields:
  id: {{type: id, role: transaction}}
  card: {{type: id, role: key, path: card.pan}}
  ts: {{type: timestamp, role: time, unit: ms}}
  amount: {{type: decimal, scale: 2}}
features: [{{value: amount}}]
"""
TIME_MS = 1_790_000_000_000
ROW = {"id": "T1", "card": {"pan": "C1"}, "ts": TIME_MS, "amount": 12.5}


def decoder(path="after"):
    return TransactionDecoder(read_declaration(DECLARATION.format(path=path), "captured.yaml"))


def captured(row, **others):
    return json.dumps({"before": None, "after": row, "op": "c", **others}).encode()


def decoded(values, path="after", passed_over=None):
    return decoder(path).decode([b"C1"] * len(values), values, [TIME_MS] * len(values), passed_over)


def test_the_transaction_is_what_the_member_has():
    found = decoded([captured(ROW), captured(ROW | {"amount": "7.00"})])
    assert found.accepted == [0, 1] and found.columns["amount"] == [1250, 700] and not found.rejections


def test_a_member_may_lie_in_another():
    value = json.dumps({"schema": {}, "payload": {"after": ROW}}).encode()
    assert decoded([value], "payload.after").accepted == [0]


@pytest.mark.parametrize("value", [None, captured(None), captured(None, before=ROW, op="d")])
def test_a_tombstone_and_a_deletion_are_told_as_such(value):
    (rejection,) = decoded([value]).rejections
    assert (rejection.field, rejection.reason) == ("value", DELETION)
    assert decoder().fault(b"C1", value, TIME_MS) == ("value", DELETION)


@pytest.mark.parametrize(
    ("value", "field", "reason"),
    [
        (json.dumps(ROW).encode(), "value", "has no after"),
        (b'{"payload": null}', "value", "has no after"),
        (captured(ROW | {"amount": "x"}), "amount", "no number"),
        (captured({"id": "T1"}), "card", "is missing"),
        (captured("text"), "value", "object"),
        (b"[1]", "value", "object"),
        (b"{", "value", "JSON"),
        (b'{"after": {}, "after": ' + json.dumps(ROW).encode() + b"}", "value", "after is given twice"),
        (captured(ROW)[:-1] + b', "op": 1, "after": null}', "value", "given twice"),
    ],
)
def test_what_is_no_transaction_is_told_by_its_fault(value, field, reason):
    (rejection,) = decoded([value]).rejections
    assert rejection.field == field and reason in rejection.reason
    assert decoder().fault(b"C1", value, TIME_MS) == (rejection.field, rejection.reason)


def test_messages_that_are_passed_over_are_not_opened():
    found = decoded([captured(None), captured(ROW)], passed_over=["passed over by ann", None])
    assert [r.reason for r in found.rejections] == ["passed over by ann"] and found.accepted == [1]


@given(st.binary(max_size=60) | st.recursive(st.none() | st.text(max_size=3), st.lists).map(msgspec.json.encode))
def test_no_bytes_make_it_raise(value):
    Envelope(("payload", "after")).opened(value)
    assert len(decoded([value, captured(ROW)]).accepted) == 1


def test_the_schema_for_producers_has_the_envelope():
    schema = message_json_schema(read_declaration(DECLARATION.format(path="payload.after"), "captured.yaml"))
    inner = schema["properties"]["payload"]["anyOf"][0]["properties"]["after"]["anyOf"][0]
    assert "amount" in inner["properties"] and schema["required"] == ["payload"]
