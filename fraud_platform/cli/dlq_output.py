"""What `fraud dlq` prints of dead letters."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from fraud_platform.cli.terminal import cell, terminal
from fraud_platform.storage.clock import as_text, now_ms

if TYPE_CHECKING:
    from fraud_platform.messages.schemas import ScorerEvent
    from fraud_platform.operations.dead_letters import DeadLetter, DeadLetters


def document(letter: "DeadLetter", sent: "ScorerEvent | None", *, unmasked: bool) -> dict[str, Any]:
    """What --json tells of a letter."""
    key, value = (letter.key, letter.value) if unmasked else masked_letter(letter)
    return {
        "letter": letter.id,
        "kind": "report" if letter.is_report else "transaction",
        "source": _source(letter),
        "sent_at": letter.origin and as_text(letter.origin.timestamp_ms),
        "rejected_at": as_text(letter.rejected_ms),
        "field": letter.field,
        "reason": letter.reason,
        "key": text(key),
        "value": text(value),
        "fault_today": _fault_today(letter),
        "retried_at": sent and as_text(sent.at_ms),
        "retried_by": sent and sent.by,
        "retried_why": sent and sent.reason,
    }


def masked_letter(letter: "DeadLetter") -> tuple[bytes | None, bytes | None]:
    """Key and value as a person may see them; a report's have no declared fields."""
    from fraud_platform.messages.personal import masked_key, masked_message

    if letter.is_report:
        return letter.key, letter.value
    key = letter.key and masked_key(letter.key.decode(errors="replace")).encode(errors="replace")
    return key, masked_message(letter.value)


def show_table(letters: "DeadLetters", sent: "dict[str, ScorerEvent]") -> None:
    """Print letters, newest first; sent: those that were sent again, by id."""
    from rich.table import Table

    columns = ("letter", "source", "sent", "rejected", "field", "reason", "now")
    table = Table(*columns, title="Dead letters, newest first")
    for letter in letters.newest:
        event = sent.get(letter.id)
        state = f"sent again by {event.by}" if event else "waits" if _fault_today(letter) else "fits"
        sent_at = letter.origin and as_text(letter.origin.timestamp_ms)
        texts = (letter.id, _source(letter), sent_at, as_text(letter.rejected_ms), letter.field, letter.reason, state)
        table.add_row(*map(cell, texts))
    console = terminal()
    console.print(table)
    faults = ", ".join(f"{name} {count:,}" for name, count in Counter(x.field for x in letters.newest).most_common(8))
    console.print(f"{len(letters.newest):,} of at most {letters.at_most:,} ({faults or 'none'})", soft_wrap=True)
    console.print("A letter that fits would be accepted if it were sent now: 'fraud dlq retry'.", soft_wrap=True)


def _source(letter: "DeadLetter") -> str | None:
    return letter.origin and f"{letter.origin.partition}-{letter.origin.offset}"


def _fault_today(letter: "DeadLetter") -> str | None:
    """Why it would be rejected if it were sent now."""
    from fraud_platform.operations.dead_letter_edit import UNCHANGED

    return letter.reason if letter.origin is None else UNCHANGED.apply(letter).fault_at(now_ms())


def text(content: bytes | None) -> str | None:
    """Bytes of a message as text; those that are none are written as escapes."""
    return None if content is None else content.decode(errors="backslashreplace")
