"""How the scorer's processes write their log: a record is a line, whatever a message, a label or an error says."""

import logging
from typing import Any

from fraud_platform.core.printable import printable

LONGEST = 4_000
"""Characters of a line."""


class Lines(logging.Formatter):
    """Escapes what would move a cursor or begin a line that nobody wrote; a traceback keeps its own lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        record.message = printable(record.message, LONGEST)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802
        text = super().formatException(ei)
        return "\n".join(printable(line, LONGEST) for line in text.split("\n"))


def log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(Lines("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
