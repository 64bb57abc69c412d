"""`fraud dlq`: the messages that were rejected, and sending them again after a fix."""

import getpass
import json
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fraud_platform.errors import DeadLetterError
from fraud_platform.storage.clock import as_text, now_ms

if TYPE_CHECKING:
    from fraud_platform.schemas import ScorerEvent
    from fraud_platform.storage.dead_letters import Letter

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
dlq = typer.Typer(no_args_is_help=True, help="Dead letters: list what was rejected, look at one, send it again.")


@dlq.command("list")
def list_letters(
    field: Annotated[str | None, typer.Option(help="Only those with a fault in this field.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Newest to show.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show the newest dead letters: place, fault, whether today's rules accept it, and whether it was sent again.

    Examples: `fraud dlq list`, `fraud dlq list --field country --json`
    """
    letters, sent = _read()
    wanted = [letter for letter in letters.values() if field in (None, letter.field)]
    if as_json:
        typer.echo(json.dumps([_document(letter, sent.get(letter.id)) for letter in wanted[-limit:]], indent=2))
    else:
        _show_table(wanted, sent, limit)


@dlq.command()
def show(
    letter_id: Annotated[str, typer.Argument(metavar="LETTER", help="As `fraud dlq list` names it.")],
    as_json: AsJson = False,
) -> None:
    """Show one dead letter: key and value as received, its fault, and what became of it.

    Example: `fraud dlq show 0-17`
    """
    letters, sent = _read()
    document = _document(_named(letters, [letter_id])[0], sent.get(letter_id))
    if as_json:
        typer.echo(json.dumps(document, indent=2))
    else:
        for name, value in document.items():
            typer.echo(f"{name:<13} {'' if value is None else value}")


@dlq.command()
def retry(
    reason: Annotated[str, typer.Option(help="What was fixed; it is written into the events.")],
    letter_ids: Annotated[list[str] | None, typer.Argument(metavar="LETTER...", help="Letters to send again.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that today's rules accept and that wait.")] = False,
    field: Annotated[str | None, typer.Option(help="With --all: only those with a fault in this field.")] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Another value for a field; repeat it.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who. Default: the user that is logged in.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send dead letters to the transactions topic again, each at most once, with the time of now.

    The key becomes the customer_id. A letter that would be rejected again is refused. The
    messages and the events that record them are one Kafka transaction: a second run, or
    one after a kill, sends nothing twice.

    Examples:

    `fraud dlq retry 0-17 --set country=DE --reason "the terminal sent lower case"`

    `fraud dlq retry --all --field channel --reason "release 1.4 knows the channel"`
    """
    from fraud_platform.settings import load_settings
    from fraud_platform.storage.resending import Resender

    if bool(letter_ids) == every:
        raise typer.BadParameter("name letters, or give --all", param_hint="LETTER...")
    values = dict(map(_change, changes or []))
    letters, _ = _read()
    resender = Resender(load_settings())
    if every:
        waiting = [x for x in letters.values() if x.id not in resender.sent_before and field in (None, x.field)]
        chosen = _acceptable(waiting, values)
    else:
        chosen = [letter.mended(values) for letter in _named(letters, dict.fromkeys(letter_ids or []))]
    events = resender.send(chosen, by=by or getpass.getuser(), reason=reason) if chosen else []
    if as_json:
        typer.echo(json.dumps([e.letter for e in events]))
    else:
        for event in events:
            typer.echo(f"{event.letter} was sent again")
        typer.echo(f"{len(events)} sent again; see 'fraud dlq list'")


def _read() -> "tuple[dict[str, Letter], dict[str, ScorerEvent]]":
    from rich.console import Console

    from fraud_platform.settings import load_settings
    from fraud_platform.storage.dead_letters import dead_letters, retries
    from fraud_platform.storage.ledger import scorer_events

    settings = load_settings()
    with Console(stderr=True).status(f"reading {settings.kafka_dead_letter_topic}"):
        return dead_letters(settings), retries(scorer_events(settings))


def _named(letters: "dict[str, Letter]", ids: Iterable[str]) -> "list[Letter]":
    ids = list(ids)
    if unknown := [i for i in ids if i not in letters]:
        raise DeadLetterError(f"there is no dead letter {', '.join(unknown)}: 'fraud dlq list' names them")
    return [letters[i] for i in ids]


def _acceptable(letters: "Iterable[Letter]", changes: dict[str, Any]) -> "list[Letter]":
    """Those that can be mended so and would be accepted now."""
    mended = []
    for letter in letters:
        with suppress(DeadLetterError):  # no JSON object
            mended.append(letter.mended(changes))
    at_ms = now_ms()
    return [letter for letter in mended if not letter.fault_at(at_ms)]


def _change(text: str) -> tuple[str, Any]:
    """FIELD=VALUE, the value being JSON where it can be read as such, else text."""
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise typer.BadParameter(f"{text!r} is not FIELD=VALUE", param_hint="--set")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _document(letter: "Letter", sent: "ScorerEvent | None") -> dict[str, Any]:
    """What --json tells of a letter."""
    return {
        "letter": letter.id,
        "source": letter.source,
        "sent_at": as_text(letter.sent_at_ms),
        "field": letter.field,
        "reason": letter.reason,
        "key": _text(letter.key),
        "value": _text(letter.value),
        "fault_today": letter.mended({}).fault_at(now_ms()),
        "retried_at": sent and as_text(sent.at_ms),
        "retried_by": sent and sent.by,
        "retried_why": sent and sent.reason,
    }


def _show_table(letters: "list[Letter]", sent: "dict[str, ScorerEvent]", limit: int) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("letter", "source", "sent", "field", "reason", "now", title="Dead letters, newest last")
    at_ms = now_ms()
    for letter in letters[-limit:]:
        event = sent.get(letter.id)
        state = f"sent again by {event.by}" if event else "waits" if letter.mended({}).fault_at(at_ms) else "fits"
        table.add_row(letter.id, letter.source, as_text(letter.sent_at_ms), letter.field, letter.reason, state)
    console = Console(highlight=False)
    console.print(table)
    faults = ", ".join(f"{name} {count:,}" for name, count in Counter(x.field for x in letters).most_common(8))
    console.print(f"{len(letters):,} in all ({faults or 'none'}); a letter that fits would be accepted if sent now")


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode(errors="backslashreplace")
