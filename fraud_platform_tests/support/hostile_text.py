"""Text that a producer may put into any field, and what no terminal may ever be sent of it."""

import re

HOSTILE = (
    "[/x]",
    "[link=https://example.org]here[/link]",
    "[bold red]ALERT[/]",
    "[",
    ":smiley:",
    "\x1b[2J\x1b[31m",
    "\x1b]0;title\x07",
    "\x9b31m",  # the same in one character of C1
    "a\nforged line",
    "a\r\nb",
    "a\u2028b\x85c",
    "\x00\x08\x7f",
    "\u202egnp.exe",  # reads backwards
    "\u2066\u2069\u200f",
    "\u200b\ufeff\u2060\u00ad",  # without width
    "\u3164\u115f",  # letters that nothing is seen of
    "\ud800",  # half a surrogate pair
    "\U000e0041\U000e0042",  # tags
    "\x1b" * 5_000,
    "W" * 1_000_000,
)
OBEYED = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\u00ad\u3164\u115f]")
"""Characters that a terminal obeys or hides; lines end with a line feed all the same."""
