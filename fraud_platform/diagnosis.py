"""Why bytes are no message: field and reason for a person to read. Runs for the few that the fast decoder refused."""

import json
import math
from collections import Counter
from typing import Any

import msgspec

Fault = tuple[str, str]
"""Field and reason; the field is "value" where the message as a whole is at fault."""


class _RepeatedNameError(ValueError):
    """An object names a field twice, and parsers differ in which of the values they take."""


def diagnose(value: bytes | None, error: Exception, schema_version: int) -> Fault:
    """Field and reason of a message that does not decode; always text that UTF-8 can encode.

    Python's lenient parser tells a NaN in a field, or an unknown version, from bytes that
    are not JSON at all.
    """
    if not value:
        return "value", "is empty"
    try:
        document = _parse(value)
        return _fault_of(document, error, schema_version)
    except _RepeatedNameError as repeated:
        return str(repeated), "is given twice"
    except RecursionError:
        return "value", "is nested too deeply"
    except ValueError:
        return "value", "is not JSON"


def repeated_name(value: bytes) -> str | None:
    """A name that an object of the JSON document has twice; None where there is none."""
    try:
        _parse(value)
    except _RepeatedNameError as repeated:
        return str(repeated)
    except ValueError:  # numbers of thousands of digits in fields that nobody reads
        return None
    return None


def _parse(value: bytes) -> Any:
    # Decoded here, since json.loads would guess UTF-16 and UTF-32, and drop a byte order mark.
    return json.loads(value.decode(), object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        (name, _), *_ = (Counter(name for name, _ in pairs) - Counter(document.keys())).items()
        raise _RepeatedNameError(_printable(name))
    return document


def _fault_of(document: Any, error: Exception, expected: int) -> Fault:
    if not isinstance(document, dict):
        return "value", "is not a JSON object"
    version = document.get("schema_version", expected)
    if version != expected or isinstance(version, bool):
        return "schema_version", f"unknown version {json.dumps(version)[:40]}, expected {expected}"
    for name, item in document.items():
        if isinstance(item, float) and not math.isfinite(item):
            return _printable(name), f"is not a finite number: {item}"
    if isinstance(error, msgspec.ValidationError):
        return _parse_message(str(error))
    return "value", "is not JSON"


def _parse_message(message: str) -> Fault:
    """Field and reason from msgspec's "… - at `$.amount`" or "… missing required field `amount`"."""
    if "missing required field" in message:
        return message.split("`")[1], "is missing"
    reason, _, path = message.partition(" - at ")
    return path.strip("`").removeprefix("$.") or "value", reason[0].lower() + reason[1:]


def _printable(name: str) -> str:
    """At most 64 characters of a name, the odd ones escaped: half a surrogate pair fits no string of Arrow's."""
    return ascii(name)[1:-1][:64]
