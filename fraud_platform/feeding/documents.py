"""Messages as objects of Python, before they are encoded: members at paths."""

from collections.abc import Iterable, Sequence
from typing import Any

Document = dict[str, Any]


def put_all(documents: Iterable[Document], path: Sequence[str], values: Iterable[Any]) -> None:
    """Give each message its value at the path; a message whose value is None has none."""
    *above, last = path
    for document, value in zip(documents, values, strict=True):
        if value is not None:
            for name in above:
                document = document.setdefault(name, {})
            document[last] = value


def enclosed(document: Document, envelope: Sequence[str]) -> Document:
    """The message within the members that lead to it."""
    for name in reversed(envelope):
        document = {name: document}
    return document


def key_of(document: Document, path: Sequence[str]) -> bytes | None:
    """Kafka's key of a message: the text at the path; None where there is none."""
    found: Any = document
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found.encode() if isinstance(found, str) else None
