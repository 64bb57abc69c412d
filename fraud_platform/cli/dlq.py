"""`fraud dlq`: the messages that were rejected, and sending them again after a fix."""

import getpass
import json
import re
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fraud_platform.cli.dlq_output import document, masked_letter, show_table, text
from fraud_platform.cli.terminal import progress_on_stderr, say
from fraud_platform.storage.clock import now_ms

if TYPE_CHECKING:
    from fraud_platform.messages.schemas import ScorerEvent
    from fraud_platform.operations.dead_letter_edit import Edit
    from fraud_platform.operations.dead_letters import DeadLetter

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Another value for a field; repeat it.")
]
Unset = Annotated[list[str] | None, typer.Option("--unset", metavar="FIELD", help="Leave a field out; repeat it.")]
Unmasked = Annotated[bool, typer.Option("--unmasked", help="Show personal fields as they are.")]
Field = Annotated[str | None, typer.Option(help="Only those with a fault in this field.")]
dlq = typer.Typer(no_args_is_help=True, help="Dead letters: list what was rejected, look at one, send it again.")

SHOWN_BYTES = 4_000
"""Of a key or value on a terminal; --json has all of it."""
_AGE = re.compile(r"([0-9]{1,6})([smhd])")
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


@dlq.command("list")
def list_letters(
    field: Field = None,
    since: Annotated[
        str | None, typer.Option(metavar="AGE|TIME", help="Rejected since: 30m, 12h, 7d, or 2026-11-01[T12:00] in UTC.")
    ] = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that were not sent again.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Newest to show.")] = 50,
    unmasked: Unmasked = False,
    as_json: AsJson = False,
) -> None:
    """Show the newest dead letters, rejected fraud reports among them.

    Of each its place, its fault, whether today's rules accept it, and whether it was sent again.

    The topic is read from its end, so a long one takes no longer; --field and --waiting
    read on until there are enough.

    Examples: `fraud dlq list`, `fraud dlq list --since 12h --waiting`, `fraud dlq list --field country --json`
    """
    from fraud_platform.operations.dead_letters import newest_letters
    from fraud_platform.settings import load_settings

    settings, since_ms = load_settings(), _since_ms(since)
    with progress_on_stderr().status(f"reading {settings.kafka_dead_letter_topic}"):
        sent = _sent_again()

        def wanted(letter: "DeadLetter") -> bool:
            return field in (None, letter.field) and not (waiting and letter.id in sent)

        letters = newest_letters(settings, limit, since_ms=since_ms, wanted=wanted)
    if as_json:
        typer.echo(
            json.dumps(
                [document(letter, sent.get(letter.id), unmasked=unmasked) for letter in letters.newest], indent=2
            )
        )
    else:
        show_table(letters, sent)


@dlq.command()
def show(
    letter_id: Annotated[str, typer.Argument(metavar="LETTER", help="As `fraud dlq list` names it.")],
    changes: Set = None,
    removals: Unset = None,
    unmasked: Unmasked = False,
    as_json: AsJson = False,
) -> None:
    """Show one dead letter: key and value as received, its fault, and what became of it.

    Fields that are declared personal are masked, unless you ask for them with --unmasked.

    With --set or --unset it shows the message so mended, and what would still be wrong with it.

    Examples: `fraud dlq show 0-17`, `fraud dlq show 0-17 --set amount=12.5`
    """
    from fraud_platform.operations.dead_letters import letters_of
    from fraud_platform.settings import load_settings

    edit = _edit(changes, removals)
    with progress_on_stderr().status("reading the letter"):
        (letter,) = letters_of(load_settings(), [letter_id])
        sent = _sent_again().get(letter_id)
    shown = document(letter, sent, unmasked=unmasked)
    if edit:
        repaired = edit.apply(letter)
        key, value = (repaired.key, repaired.value) if unmasked else masked_letter(repaired)
        shown |= {"key_mended": text(key), "value_mended": text(value)}
        shown["fault_mended"] = repaired.fault_at(now_ms())
    if as_json:
        typer.echo(json.dumps(shown, indent=2))
    else:
        for name, value in shown.items():
            say(f"{name:<13} {'' if value is None else value}", SHOWN_BYTES)


@dlq.command()
def retry(
    reason: Annotated[str, typer.Option(help="What was fixed; it is written into the events.")],
    letter_ids: Annotated[
        list[str] | None, typer.Argument(metavar="LETTER...", help="Dead letters to send again.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All that today's rules accept and that wait.")] = False,
    field: Annotated[str | None, typer.Option(help="With --all: only those with a fault in this field.")] = None,
    changes: Set = None,
    removals: Unset = None,
    original_time: Annotated[
        bool, typer.Option("--original-time", help="Send what is over 7 days old with the time that it had.")
    ] = False,
    by: Annotated[str | None, typer.Option(help="Who. Default: the user that is logged in.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send dead letters to the topic that they came from again, each at most once, with the time of now.

    The key becomes the customer_id, a report's the transaction_id, and the message goes where
    those of its key are.
    A letter that would be rejected again is refused. Letters that are named go all or none;
    --all goes from the oldest on. Messages and the events that record them, with what was
    changed, are one Kafka transaction: a second run, or one after a kill, sends nothing twice.

    Examples:

    `fraud dlq retry 0-17 --set country=DE --reason "the terminal sent lower case"`

    `fraud dlq retry --all --field channel --reason "release 1.4 knows the channel"`

    `fraud dlq retry report-0-8 --set is_fraud=true --reason "the bank's new form"`

    `fraud dlq retry 0-3 --original-time --reason "found in the yearly review"`
    """
    from fraud_platform.operations.dead_letter_retry import Resender
    from fraud_platform.operations.dead_letters import all_letters, all_rejected_reports, letters_of
    from fraud_platform.settings import load_settings

    if bool(letter_ids) == every:
        raise typer.BadParameter("name letters, or give --all", param_hint="LETTER...")
    settings, edit, by = load_settings(), _edit(changes, removals), by or getpass.getuser()
    with progress_on_stderr().status("sending letters again"):
        if every:
            resender = Resender(settings)
            waiting = chain(all_letters(settings), all_rejected_reports(settings))
            chosen = (letter for letter in waiting if field in (None, letter.field))
            events = resender.send_all(chosen, edit, original_time=original_time, by=by, reason=reason)
            sent = [event.letter for event in events]
        else:
            letters = letters_of(settings, list(dict.fromkeys(letter_ids or [])))
            resender = Resender(settings)
            ready = [resender.prepare(letter, edit, original_time=original_time) for letter in letters]
            sent = [event.letter for event in resender.send(ready, by=by, reason=reason)]
    if as_json:
        typer.echo(json.dumps(sent))
    else:
        for letter_id in sent:
            say(f"{letter_id} was sent again")
        say(f"{len(sent)} sent again; see 'fraud dlq list'")


def _sent_again() -> "dict[str, ScorerEvent]":
    """Id → event of the letters that were sent again."""
    from fraud_platform.operations.dead_letters import retries
    from fraud_platform.operations.ledger import scorer_events
    from fraud_platform.settings import load_settings

    return retries(scorer_events(load_settings()))


def _since_ms(text: str | None) -> int | None:
    """Milliseconds since 1970 of an age before now, or of a time in UTC."""
    if text is None:
        return None
    if age := _AGE.fullmatch(text):
        return now_ms() - int(age[1]) * _UNIT_MS[age[2]]
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither an age such as 12h nor a time", param_hint="--since") from None
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


def _edit(changes: list[str] | None, removals: list[str] | None) -> "Edit":
    from fraud_platform.operations.dead_letter_edit import Edit

    values = dict(map(_change, changes or []))
    if both := sorted(values.keys() & set(removals or [])):
        raise typer.BadParameter(f"{both[0]} is both set and left out", param_hint="--unset")
    return Edit(values, tuple(removals or []))


def _change(text: str) -> tuple[str, Any]:
    """FIELD=VALUE, the value being JSON where it can be read as such, else text."""
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise typer.BadParameter(f"{text!r} is not FIELD=VALUE", param_hint="--set")
    try:
        return name, json.loads(value)
    except (ValueError, RecursionError):
        return name, value
