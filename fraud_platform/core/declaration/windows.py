"""Windows of time as a declaration writes them: 90s, 10m, 1h, 7d."""

import re
from typing import Annotated, NamedTuple, Self

from msgspec import Meta

PATTERN = r"^[1-9][0-9]{0,3}[smhd]$(?!\n)"
WindowText = Annotated[str, Meta(pattern=PATTERN, description="a whole number and s, m, h or d, such as 30d")]
# Not `WindowText | tuple[WindowText, ...]`: on such a union msgspec 0.22 crashes. conversion.py takes one for a list.
Windows = Annotated[tuple[WindowText, ...], Meta(min_length=1)]

_UNITS = {"s": (1_000, "second"), "m": (60_000, "minute"), "h": (3_600_000, "hour"), "d": (86_400_000, "day")}
"""Letter → milliseconds, and what it is called."""


class Window(NamedTuple):
    """A length of time, by its text."""

    text: str

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises ValueError where the text is no window."""
        if not re.fullmatch(PATTERN, text):
            raise ValueError(f"{text} is no window")
        return cls(text)

    @property
    def milliseconds(self) -> int:
        return self._number * _UNITS[self.text[-1]][0]

    @property
    def spoken(self) -> str:
        """What a reason calls it.

        >>> [Window(text).spoken for text in ("10m", "1h", "1d", "7d")]
        ['10 minutes', 'one hour', '24 hours', '7 days']
        """
        if self.text == "1d":
            return "24 hours"
        return f"one {self._unit}" if self._number == 1 else f"{self._number} {self._unit}s"

    @property
    def adjective(self) -> str:
        """As in "the 30-day mean"."""
        return f"{self._number}-{self._unit}"

    @property
    def _number(self) -> int:
        return int(self.text[:-1])

    @property
    def _unit(self) -> str:
        return _UNITS[self.text[-1]][1]


NO_WINDOW = Window("")
"""Of a feature that looks at its transaction alone."""


def windows_of(texts: tuple[str, ...]) -> tuple[Window, ...]:
    """The windows by their texts."""
    return tuple(map(Window.of, texts))
