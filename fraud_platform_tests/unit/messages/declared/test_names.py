"""Names that are given twice are never taken for different ones, whatever the message looks like."""

import json

from hypothesis import example, given
from hypothesis import strategies as st

from fraud_platform.messages.declared.names import is_sound

BLANKS = st.text(" \t\n\r", max_size=2)
NAMES = st.sampled_from(['"a"', '"b"', '"\\u0061"', '"a:"', '"\\":"', '" :"'])
scalars = st.sampled_from(["1", "null", '"x"', '":"', '"\\":"', '" :"', '"a\\\\"', "1.5", '"\u00fc"'])


@st.composite
def objects(draw, inner):
    pairs = [
        f"{draw(BLANKS)}{draw(NAMES)}{draw(BLANKS)}:{draw(BLANKS)}{draw(inner)}" for _ in range(draw(st.integers(0, 4)))
    ]
    return "{" + ",".join(pairs) + "}"


values = st.recursive(
    scalars, lambda inner: objects(inner) | st.lists(inner, max_size=3).map(lambda a: f"[{','.join(a)}]")
)


def counted(text: str) -> tuple[int, int]:
    """Names of all objects, and different names of each added up; slowly."""
    names = different = 0

    def count(pairs: list) -> dict:
        nonlocal names, different
        names, different = names + len(pairs), different + len(dict(pairs))
        return dict(pairs)

    json.loads(text, object_pairs_hook=count)
    return names, different


@given(objects(values))
@example('{"a":1,"a" :1}')
def test_a_message_that_is_taken_for_sound_has_each_name_once(text):
    names, different = counted(text)
    for own in range(different + 1):
        assert not is_sound(text.encode(), own) or names == different


@given(st.recursive(st.integers() | st.text("ab", max_size=3), lambda inner: st.dictionaries(st.text("abc"), inner)))
def test_what_common_producers_write_needs_no_second_look(document):
    for separators in ((",", ":"), (", ", ": "), (" ,", " : ")):
        text = json.dumps({"x": document}, separators=separators)
        assert is_sound(text.encode(), 0)
