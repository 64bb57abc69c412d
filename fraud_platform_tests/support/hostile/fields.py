"""Good documents with one field at fault: left out, of another type, given twice, forging a reason."""

from typing import Any

import msgspec

from fraud_platform_tests.support.hostile.documents import Document, Hostile

VALUES: dict[str, Any] = {
    "a text": "twelve",
    "an empty text": "",
    "a number in a text": "12.5",
    "a whole number": 7,
    "a fraction": 0.5,
    "true": True,
    "an empty list": [],
    "a list of numbers": [1],
    "a list of texts": ["a"],
    "an empty object": {},
    "an object": {"value": 1},
    "a list of lists": [[[1]]],
}
LITERALS = {
    "NaN": b"NaN",
    "infinite": b"Infinity",
    "minus infinite": b"-Infinity",
    "beyond float64": b"1e400",
    "a number of thousands of digits": b"-" + b"9" * 5000,
}
TEXTS = {
    "a forged place": "x' - at `$.{other}`",
    "a forged lack": "Object missing required field `{other}`",
    "a megabyte": "x" * 1_000_000,
    "a megabyte of a forged place": "' - at `$.{other}`" * 40_000,
    "markup": "[/x][link=file:///etc/passwd]",
    "a terminal's escape": "\x1b[2J\x1b]0;owned\x07",
    "a line break": "a\r\nb",
    "text that runs backwards": "\u202eevil",
    "a zero": "\0",
}


def _accepts(good: Document, field: str, value: bytes) -> bool:
    """Whether the field's own type takes the value: then the message is no kind of ours."""
    (declared,) = [f for f in msgspec.structs.fields(good.struct) if f.encode_name == field]
    try:
        msgspec.json.decode(value, type=declared.type)
    except msgspec.MsgspecError:
        return False
    return True


def wrong_fields(good: Document) -> dict[str, Hostile]:
    """Name → message, of one topic."""
    found: dict[str, Hostile] = {}
    for declared in msgspec.structs.fields(good.struct):
        field = declared.encode_name
        if field not in good.fields:  # one that only other kinds of the message have
            continue
        other = next(name for name in good.fields if name != field)
        if declared.required:
            found[f"no {field}"] = Hostile(good.key, good.value(**{field: ...}), field, "is missing")
            found[f"{field} in upper case"] = Hostile(
                good.key, good.value().replace(b'"%b":' % field.encode(), b'"%b":' % field.upper().encode()), field, ""
            )
        values = {"null": None} | VALUES | {name: text.format(other=other) for name, text in TEXTS.items()}
        for name, value in values.items():
            found |= _wrong(good, field, name, msgspec.json.encode(value))
        for name, literal in LITERALS.items():
            found |= _wrong(good, field, name, literal)
        found |= _twice(good, field)
    return found


def _wrong(good: Document, field: str, name: str, value: bytes) -> dict[str, Hostile]:
    if _accepts(good, field, value):
        return {}
    return {f"{field} is {name}": Hostile(good.key, good.literally(field, value), field, "")}


def _twice(good: Document, field: str) -> dict[str, Hostile]:
    own = msgspec.json.encode(good.fields[field])
    escaped = b"\\u%04x" % ord(field[0]) + field[1:].encode()
    return {
        f"{field} twice": Hostile(
            good.key, good.followed_by(b'"%b": %b' % (field.encode(), own)), field, "is given twice", is_hidden=True
        ),
        f"{field} twice, once escaped": Hostile(
            good.key, good.followed_by(b'"%b": %b' % (escaped, own)), field, "is given twice", is_hidden=True
        ),
    }
