"""Bytes that are no message of any topic: text in other alphabets of bytes, other formats, JSON that is none."""

import base64
import gzip
import json
import pickle
from collections.abc import Callable

from fraud_platform_tests.support.hostile.documents import Document, Hostile

Spoil = Callable[[Document], bytes | None]
NO_JSON = "is not JSON"


def _appended(text: bytes) -> Spoil:
    return lambda good: good.value() + text


def _prepended(text: bytes) -> Spoil:
    return lambda good: text + good.value()


def _with(more: bytes) -> Spoil:
    return lambda good: good.followed_by(more)


def _as(encoding: str) -> Spoil:
    return lambda good: good.value().decode().encode(encoding)


def _only(value: bytes | None) -> Spoil:
    return lambda good: value


NO_VALUE: dict[str, bytes | None] = {"a tombstone": None, "nothing": b""}
NOT_AN_OBJECT = {
    "null": b"null",
    "true": b"true",
    "false": b"false",
    "a number": b"1",
    "a negative number": b"-1.5e3",
    "a huge number": b"9" * 5000,
    "a text": b'"transaction"',
    "an empty text": b'""',
    "a list": b"[1]",
    "an empty list": b"[]",
    "a list of lists": b"[[[]]]",
    "a list of objects": b'[{"a": 1}]',
}
NOT_JSON: dict[str, Spoil] = {
    "blanks": _only(b" \n\t "),
    "a line break": _only(b"\n"),
    "a word": _only(b"hello"),
    "one brace": _only(b"{"),
    "one bracket": _only(b"["),
    "one quote": _only(b'"'),
    "one backslash": _only(b"\\"),
    "a minus": _only(b"-"),
    "zero bytes": _only(bytes(1000)),
    "ones": _only(b"\xff" * 1000),
    "a megabyte of ones": _only(b"\xff" * 1_000_000),
    "a megabyte of blanks": _only(b" " * 1_000_000),
    "all bytes there are": _only(bytes(range(256))),
    "an unfinished text of a megabyte of escaped quotes": _only(b'{"a": "' + b'\\"' * 500_000),
    "a text that ends in a backslash after many quotes": _only(b'{"a": "' + b'\\"' * 50_000 + b"\\"),
    "the last brace missing": lambda good: good.value()[:-1],
    "the first brace missing": lambda good: good.value()[1:],
    "the first half alone": lambda good: good.value()[: len(good.value()) // 2],
    "the second half alone": lambda good: good.value()[len(good.value()) // 2 :],
    "one byte": lambda good: good.value()[:1],
    "a word after it": _appended(b" x"),
    "a brace after it": _appended(b"}"),
    "a second document": lambda good: good.value() + b"\n" + good.value(),
    "a second document at once": lambda good: good.value() * 2,
    "a zero byte after it": _appended(b"\0"),
    "a zero byte before it": _prepended(b"\0"),
    "a byte order mark": _prepended(b"\xef\xbb\xbf"),
    "a comment before it": _prepended(b"/* v1 */ "),
    "a line comment after it": _appended(b" // v1"),
    "a prefix against hijacking": _prepended(b")]}',\n"),
    "a length before it": _prepended(b"\x00\x00\x00\x80"),
    "a trailing comma": lambda good: good.value()[:-1] + b",}",
    "two commas": _with(b""),
    "no colon": _with(b'"x" 1'),
    "a name without quotes": _with(b"x: 1"),
    "single quotes": lambda good: good.value().replace(b'"', b"'"),
    "typographic quotes": lambda good: good.value().decode().replace('"', "\u201d").encode(),
    "Python's own words": lambda good: repr(good.fields).encode(),
    "UTF-16 with a mark": _as("utf-16"),
    "UTF-16 of little ends": _as("utf-16-le"),
    "UTF-16 of big ends": _as("utf-16-be"),
    "UTF-32": _as("utf-32"),
    "UTF-7": lambda good: good.value().replace(b"{", b"+AHs-"),
    "EBCDIC": _as("cp037"),
    "a raw line break in a text": _with(b'"x": "a\nb"'),
    "a raw zero in a text": _with(b'"x": "a\0b"'),
    "a raw tab in a name": _with(b'"a\tb": 1'),
    "an unknown escape": _with(rb'"x": "\q"'),
    "a hexadecimal escape": _with(rb'"x": "\x41"'),
    "an escape cut short": _with(rb'"x": "\u12"'),
    "a text without end": _with(b'"x": "a'),
    "a number with a plus": _with(b'"x": +1'),
    "a number without a whole part": _with(b'"x": .5'),
    "a number without a fraction": _with(b'"x": 1.'),
    "a number without an exponent": _with(b'"x": 1e'),
    "a number with a leading zero": _with(b'"x": 012'),
    "a hexadecimal number": _with(b'"x": 0x10'),
    "a number with underscores": _with(b'"x": 1_000'),
    "two minus signs": _with(b'"x": --1'),
    "a word in capitals": _with(b'"x": True'),
    "undefined": _with(b'"x": undefined'),
    "a list with a hole": _with(b'"x": [1,,2]'),
    "a list that ends in a comma": _with(b'"x": [1,]'),
    "a bracket closed by a brace": _with(b'"x": [1}'),
    "a pickle": lambda good: pickle.dumps(good.fields),
    "a pickle that would run a command": _only(b"cos\nsystem\n(S'touch /tmp/pickled'\ntR."),
    "gzip": lambda good: gzip.compress(good.value(), mtime=0),
    "base64": lambda good: base64.b64encode(good.value()),
    "Avro": _only(b"\x00\x00\x00\x00\x01\x04T1"),
    "Protobuf": _only(b"\x08\x01\x12\x02T1\x1a\x02C1"),
    "MessagePack": _only(b"\x82\xa1a\x01\xa1b\x02"),
    "CBOR": _only(b"\xa2\x61\x61\x01\x61\x62\x02"),
    "Parquet": _only(b"PAR1\x15\x04\x15"),
    "XML": _only(b'<?xml version="1.0"?><a/>'),
    "XML that swells": _only(b'<!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>'),
    "HTML": _only(b"<html><body>502 Bad Gateway</body></html>"),
    "YAML": _only(b"a: &a [1]\nb: *a\n"),
    "CSV": _only(b"transaction_id,amount\nT1,12.5\n"),
    "a form": _only(b"transaction_id=T1&amount=12.5"),
    "a terminal's escape": _only(b"\x1b[2J\x1b]0;owned\x07"),
}
NOT_UTF8: dict[str, Spoil] = {
    "Latin-1 in a text": _with(b'"x": "caf\xe9"'),
    "Latin-1 in a name": _with(b'"caf\xe9": 1'),
    "overlong UTF-8": _with(b'"x": "\xc0\x80"'),
    "a surrogate as UTF-8": _with(b'"x": "\xed\xa0\x80"'),
    "a code point beyond Unicode": _with(b'"x": "\xf4\x90\x80\x80"'),
    "a lone continuation byte": _with(b'"x": "\x80"'),
    "a character cut short": _with(b'"x": "\xe2\x82"'),
}
"""In what nobody reads, where a fast decoder does not look."""
TOO_DEEP: dict[str, Spoil] = {
    "a hundred thousand brackets": _only(b"[" * 100_000),
    "a hundred thousand objects": _only(b'{"a":' * 100_000),
    "brackets after the object": _appended(b"[" * 100),
    "65 levels in a field that nobody reads": _with(b'"x": ' + b"[" * 64 + b"]" * 64),
    "990 levels and some colons": _with(b'"x": ' + b"[" * 985 + b"]" * 985 + b', "a": 1, "b": 1'),
    "990 objects": _with(b'"x": ' + b'{"a":' * 985 + b"1" + b"}" * 985),
    "5,000 levels": _with(b'"x": ' + b"[" * 5_000 + b"]" * 5_000),
    "200,000 levels": _with(b'"x": ' + b"[" * 200_000 + b"]" * 200_000),
    "levels behind a text with brackets": _with(b'"x": "]]]]", "y": ' + b"[" * 70 + b"]" * 70),
}
TWICE: dict[str, tuple[bytes, str, str]] = {
    "an unknown name twice": (b'"x": 1, "x": 2', "x", "is given twice"),
    "an unknown name twice, once escaped": (rb'"x": 1, "\u0078": 2', "x", "is given twice"),
    "a name twice in an object that nobody reads": (b'"x": {"a": 1, "a": 2}', "value", "a is given twice"),
    "a name twice in a list that nobody reads": (b'"x": [1, {"a": 1, "a": 2}]', "value", "a is given twice"),
    "a name of a megabyte twice": (b'"%b": 1, "%b": 2' % (b"n" * 500_000, b"n" * 500_000), "n" * 63, "is given twice"),
    "a name that does not print twice": (rb'"\u202e": 1, "\u202e": 2', r"\u202e", "is given twice"),
    "a name with half a surrogate pair": (rb'"\ud800": 1', "value", NO_JSON),
    "half a surrogate pair in a text that nobody reads": (rb'"x": "\ud800"', "value", NO_JSON),
}


def broken(good: Document) -> dict[str, Hostile]:
    """Name → message, of one topic."""
    found = {name: Hostile(good.key, value, "value", "is empty") for name, value in NO_VALUE.items()}
    found |= {name: Hostile(good.key, value, "value", "is not a JSON object") for name, value in NOT_AN_OBJECT.items()}
    in_a_text = json.dumps(good.value().decode()).encode()
    found["JSON in a text"] = Hostile(good.key, in_a_text, "value", "is not a JSON object")
    found |= {name: Hostile(good.key, spoil(good), "value", NO_JSON) for name, spoil in NOT_JSON.items()}
    found |= {name: Hostile(good.key, spoil(good), "value", NO_JSON, True) for name, spoil in NOT_UTF8.items()}
    found |= {
        name: Hostile(good.key, spoil(good), "value", "nested too deeply", is_hidden=True)
        for name, spoil in TOO_DEEP.items()
    }
    for name, (more, field, reason) in TWICE.items():
        found[name] = Hostile(good.key, good.followed_by(more), field, reason, is_hidden=True)
    return found
