"""Text of strangers as a terminal may show it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_platform.core.printable import LONGEST, is_name, printable
from fraud_platform_tests.support.hostile_text import HOSTILE, OBEYED


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_nothing_is_obeyed_hidden_or_endless(text):
    shown = printable(text)
    assert not OBEYED.search(shown) and "\n" not in shown
    assert len(shown) <= 10 * LONGEST + 30
    shown.encode()


@given(st.text(st.characters(), max_size=50))
def test_every_character_prints(text):
    assert printable(text).isprintable()


def test_what_prints_is_left_alone():
    assert printable("Müller 顧客 👍 C:\\x [a] %s") == "Müller 顧客 👍 C:\\x [a] %s"


def test_escapes_say_which_character_it_was():
    assert printable("\x1b[31m\n\u202e\ud800\U000e0041") == r"\x1b[31m\n\u202e\ud800\U000e0041"


def test_a_long_text_says_how_much_is_left():
    assert printable("abcdef", 4) == "abcd… (2 more)"


@pytest.mark.parametrize(
    "text", ["Müller", "顧客　一郎", "Jean\u00a0Dupont", "\u0645\u06cc\u200c\u062e", "👨\u200d👩\u200d👧", "T-1/a:b"]
)
def test_any_letters_spaces_and_joined_emoji_are_a_name(text):
    assert is_name(text)


@pytest.mark.parametrize(
    "text", ["\x1b[2J", "a\nb", "a\x00", "a\x85b", "\u2028", "\u202etxt", "\u2066a", "\ud800"], ids=ascii
)
def test_what_commands_its_reader_is_no_name(text):
    assert not is_name(text)
