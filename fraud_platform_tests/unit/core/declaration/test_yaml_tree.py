"""YAML is read for its text alone: what could build, run or multiply something is one line with its place."""

import tracemalloc

import pytest
import yaml

from fraud_platform.core.declaration import yaml_tree
from fraud_platform.core.declaration.faults import Faults
from fraud_platform.core.declaration.yaml_tree import DEEPEST, LARGEST_BYTES, parsed
from fraud_platform.errors import ConfigurationError

BOMB = "a: &a [1,1,1,1,1,1,1,1]\n" + "".join(
    f"{b}: &{b} [*{a},*{a},*{a},*{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
TAG = "a tag (!): write the value without it, and in quotes where it is text"
HOSTILE = {
    "alias": ("a: &a 1\nb: *a\n", "1:4: an anchor or alias (& or *): write the value out"),
    "alias bomb": (BOMB, "1:4: an anchor or alias (& or *): write the value out"),
    "tag": ("a: !!python/object/apply:os.system ['true']\n", f"1:4: {TAG}"),
    "own tag": ("a: !mine 1\n", f"1:4: {TAG}"),
    "tab": ("a:\n\t- b\n", "2:1: a tab: indent with spaces"),
    "deep list": ("[" * 100_000, f"1:{DEEPEST + 1}: more than {DEEPEST} mappings and lists within each other"),
    "deep block": ("- " * 100_000, f"1:{2 * DEEPEST + 1}: more than {DEEPEST} mappings and lists within each other"),
    "deep mapping": ("{" * 100_000, "1:2: a list or a mapping as a name: a name is text"),
    "list as name": ("? [a]\n: b\n", "1:3: a list or a mapping as a name: a name is text"),
    "two documents": ("a: 1\n---\nb: 2\n", "3:1: a second document: a file holds one declaration, without ---"),
    "long number": (f"a: {'9' * 5000}\n", "1:4: a number of more than 18 digits: put it in quotes if it is text"),
    "infinite": ("a: 1e999\n", "1:4: 1e999 is too large for a number"),
    "control character": ("a: 1\nb: \x07\n", "2:4: a character that YAML does not take: remove \\x07"),
    "Latin-1": ("a: é".encode("latin-1"), "1:1: not UTF-8 from byte 3 on: save the file as UTF-8"),
    "UTF-16": ("a: 1".encode("utf-16"), "1:1: not UTF-8 from byte 0 on: save the file as UTF-8"),
    "half a surrogate": ("a: \ud800", "1:1: not UTF-8 from byte 3 on: save the file as UTF-8"),
    "large": (b"#" * (LARGEST_BYTES + 1), "1:1: 1,000,001 bytes: a declaration has at most 1,000,000"),
}  # fmt: skip


@pytest.fixture(params=[yaml.SafeLoader, yaml.CSafeLoader], ids=["python", "c"], autouse=True)
def loader(request, monkeypatch):
    """PyYAML is installed with the C library or without."""
    monkeypatch.setattr(yaml_tree, "LOADER", request.param)


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_could_do_harm_is_refused_in_one_line(kind):
    text, expected = HOSTILE[kind]
    tracemalloc.start()
    with pytest.raises(ConfigurationError) as caught:
        parsed(text, Faults("x.yaml"))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert str(caught.value) == f"x.yaml:{expected}"
    assert peak_bytes < 20 * LARGEST_BYTES


def test_broken_yaml_is_told_with_its_place():
    with pytest.raises(ConfigurationError) as caught:
        parsed("a: 1\nb: [1, 2\nc: 3\n", Faults("x.yaml"))
    assert str(caught.value).startswith("x.yaml:3:2: no YAML: ")
    assert "\n" not in str(caught.value)


def test_a_name_that_is_given_twice_is_told_with_both_places():
    faults = Faults("x.yaml")
    assert parsed("a: 1\nb: 2\na: 3\n", faults).plain() == {"a": 1, "b": 2}
    with pytest.raises(
        ConfigurationError, match=r"^x\.yaml:3:1: a is given twice, first in line 1: leave one of them out$"
    ):
        faults.raise_if_any()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("2026-01-01", "2026-01-01"),
        ("0742", "0742"),
        ("'5'", "5"),
        ("5", 5),
        ("-5", -5),
        ("5.", 5.0),
        (".5e1", 5.0),
        ("true", True),
        ("null", None),
        ("~", None),
        ("''", ""),
    ],
)
def test_values_are_those_of_yaml_1_2_and_codes_keep_their_zeros(text, value):
    found = parsed(f"a: {text}", Faults("x.yaml")).plain()["a"]
    assert (found, type(found)) == (value, type(value))


def test_a_byte_order_mark_is_no_text():
    assert parsed(b"\xef\xbb\xbfa: 1", Faults("x.yaml")).plain() == {"a": 1}


def test_each_part_knows_its_place():
    node = parsed("a:\n  - b\n  - {c: d}\n", Faults("x.yaml")).value["a"].value[1]
    assert node.place == (3, 5)
    assert node.value["c"].place == (3, 9)
