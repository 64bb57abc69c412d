"""Members whose names have any characters are read as well, and none of them hides a name that is given twice."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fraud_platform.core.declaration.declaration import Declaration
from fraud_platform.core.declaration.fields.field import written_path
from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.messages.declared.aliases import alias_of
from fraud_platform.messages.declared.decoder import TransactionDecoder
from fraud_platform.messages.diagnosis import MOST_REASON
from fraud_platform.messages.tolerant import printable
from fraud_platform_tests.support.one_field import TIME_MS

ODD = ['a"b', "a\\b", 'a":', '" :', "a : b", "\\", '"', '\\"', "{", "},", "[", "a.b", " ", "x: 1", "\u2028", "名", "qb"]
names = st.sampled_from(ODD) | st.text(st.sampled_from('ab"\\:. ,{}[]é'), min_size=1, max_size=6)
odd_paths = st.lists(names, min_size=1, max_size=3).map(tuple)


def world_at(*paths: tuple[str, ...], options: str = "type: category, optional: true") -> Declaration:
    """An id, a time, and a field at each of these paths."""
    fields = "".join(f"  x{i}: {{{options}, path: {json.dumps(written_path(path))}}}\n" for i, path in enumerate(paths))
    return read_declaration(
        "name: odd\nfields:\n  id: {type: id, role: transaction}\n  ts: {type: timestamp, role: time, unit: ms}\n"
        f"{fields}features:\n  - {{calendar: hour}}\n",
        "odd.yaml",
    )


def within(path: tuple[str, ...], text: str) -> str:
    """JSON of what the message has at the first name of a path."""
    for name in reversed(path[1:]):
        text = f"{{{json.dumps(name)}: {text}}}"
    return text


def outcome(declaration: Declaration, members: list[tuple[str, str]]) -> object:
    """Row or fault of a message with these further members: a name and JSON each."""
    text = "".join(f", {json.dumps(name)}: {value}" for name, value in members)
    value = f'{{"id": "T1", "ts": {TIME_MS}{text}}}'.encode()
    json.loads(value)
    decoded = TransactionDecoder(declaration).decode([None], [value], [TIME_MS])
    if decoded.rejections:
        return decoded.rejections[0].field, decoded.rejections[0].reason
    return {name: column[0] for name, column in decoded.columns.items() if name.startswith("x")}


@given(odd_paths, names, st.text(max_size=5).filter(str.isprintable).filter(bool))
@example(('a"b', "c\\"), '"', '":')
@example(('" :',), "a", '" :')
def test_a_member_of_any_name_is_read(path, other, text):
    members = [(path[0], within(path, json.dumps(text)))]
    if other != path[0]:
        members.append((other, '{"a\\"b": ["\\":", {"": " :"}]}'))
    declaration = world_at(path)
    assert outcome(declaration, members) == outcome(declaration, members[::-1]) == {"x0": text}
    assert outcome(declaration, []) == {"x0": None}


@given(odd_paths, names)
@example(("a",), 'a":')
@example(('a"b',), "c")
def test_no_name_hides_that_one_is_given_twice(path, other):
    for twice in (path[0], other):
        members = [(path[0], within(path, '"1"')), (twice, "2"), (other, '"3"')]
        assert "given twice" in outcome(world_at(path), members)[1]


@given(odd_paths)
def test_what_is_wrong_there_is_told_with_its_path(path):
    declaration = world_at(path, options="type: number")
    assert outcome(declaration, []) == ("x0", printable(f"is missing ({written_path(path)})", MOST_REASON))
    field, reason = outcome(declaration, [(path[0], within(path, '"1"'))])
    assert field == "x0" and reason.startswith("expected `float`, got `str` (")
    assert outcome(declaration, [(path[0], within(path, "1.25"))]) == {"x0": 1.25}
    if len(path) > 1:
        for value, found in (("7", "int"), ("null", "null"), ("[1]", "array")):
            assert outcome(declaration, [(path[0], value)])[1].startswith(f"expected `object`, got `{found}` (")


def test_an_alias_is_no_name_that_a_message_may_use():
    declaration = world_at(('a"b',))
    assert alias_of('a"b') != 'a"b'
    assert outcome(declaration, [(alias_of('a"b'), '"1"')]) == {"x0": None}
    assert outcome(declaration, [(alias_of('a"b'), '"1"'), ('a"b', '"2"')]) == {"x0": "2"}


def test_names_that_differ_in_odd_characters_are_different_members():
    paths = [('a"',), ("a\\",), ("a\\\\",), ('a\\"',), ("a.b",), ("a", "b"), ("a ",), ("aq",)]
    members = [(path[0], within(path, f'"{i}"')) for i, path in enumerate(paths)]
    assert outcome(world_at(*paths), members) == {f"x{i}": str(i) for i in range(len(paths))}


@pytest.mark.parametrize("written", ["Merchant Name", "Merchant\\u0020Name", "\\u004derchant Name"])
def test_a_name_may_be_escaped_in_the_message(written):
    value = f'{{"id": "T1", "ts": {TIME_MS}, "{written}": "7"}}'.encode()
    decoded = TransactionDecoder(world_at(("Merchant Name",))).decode([None], [value], [TIME_MS])
    assert decoded.columns["x0"] == ["7"]


@pytest.mark.parametrize("name", ['a"b', "Merchant Name"])
@pytest.mark.parametrize("value", [None, b"", b"[]", b"null", b"7", b"{", b'{"a\\"b"', b"\xff", b"[" * 100_000, b"{}x"])
def test_what_is_no_object_is_rejected_as_a_whole(name, value):
    decoded = TransactionDecoder(world_at((name,))).decode([None], [value], [TIME_MS])
    assert [rejection.field for rejection in decoded.rejections] == ["value"]
