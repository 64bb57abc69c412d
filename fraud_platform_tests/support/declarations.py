"""A small world of cards, to declare features in."""

from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.declaration.reading import read_declaration

FILE = "cards.yaml"
FIELDS = {
    "auth_id": "{type: id, role: transaction}",
    "card": "{type: id, role: key, path: card.pan_hash, personal: true}",
    "merchant": "{type: id, path: merchant.id, entity: true}",
    "ts": "{type: timestamp, role: time}",
    "amount": "{type: decimal, scale: 2, role: amount}",
    "mcc": "{type: category}",
    "currency": "{type: category}",
    "tip": "{type: decimal, scale: 2, currency_field: currency}",
    "balance": "{type: number, optional: true, unit: points}",
    "points": "{type: decimal, scale: 1, optional: true, unit: points}",
    "present": "{type: boolean, optional: true}",
    "ip": "{type: ip, optional: true, entity: true}",
    "latitude": "{type: latitude, optional: true}",
    "longitude": "{type: longitude, optional: true}",
    "home_latitude": "{type: latitude, optional: true}",
    "home_longitude": "{type: longitude, optional: true}",
}
FIRST_FEATURE_LINE = 5 + len(FIELDS)
"""Line of the file in which the first feature stands."""


def text_of(*lines: str, history: str = "30d", **fields: str) -> str:
    """A declaration with these lines of features; fields: others than FIELDS, or other options of one."""
    named = "".join(f"  {name}: {options}\n" for name, options in {**FIELDS, **fields}.items())
    features = "".join(f"  - {line}\n" for line in lines or ["{value: amount}"])
    return f"name: cards\nhistory: {history}\nfields:\n{named}features:\n{features}"


def declared(*lines: str, history: str = "30d", **fields: str) -> Declaration:
    """The same, read."""
    return read_declaration(text_of(*lines, history=history, **fields), FILE)
