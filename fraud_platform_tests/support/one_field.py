"""A world with one field of interest, and what becomes of a value of it in a message."""

import json
from typing import Any

from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.messages.declared.decoder import TransactionDecoder

TIME_MS = 1_780_000_000_000


def world_of(options: str) -> Declaration:
    """Without a key: an id, a time, and the field `x` with these options."""
    return read_declaration(
        "name: one\nfields:\n  id: {type: id, role: transaction}\n  ts: {type: timestamp, role: time, unit: ms}\n"
        f"  x: {{{options}}}\nfeatures:\n  - {{calendar: hour}}\n",
        "one.yaml",
    )


def outcome_of(options: str, *written: bytes) -> Any:
    """The column of x, or field and reason of the first message that is rejected. written: a JSON text for each."""
    values = [b'{"id": "T%d", "ts": %d, "x": %b}' % (i, TIME_MS, text) for i, text in enumerate(written)]
    decoded = TransactionDecoder(world_of(options)).decode([None] * len(values), values, [TIME_MS] * len(values))
    if decoded.rejections:
        return decoded.rejections[0].field, decoded.rejections[0].reason
    return decoded.columns["x"]


def value_of(options: str, value: object) -> Any:
    """What the column has for one value, or field and reason."""
    outcome = outcome_of(options, json.dumps(value).encode())
    return outcome[0] if isinstance(outcome, list) else outcome
