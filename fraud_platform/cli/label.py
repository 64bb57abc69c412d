"""`fraud label`: a colleague's verdict on one transaction."""

import getpass
from typing import Annotated

import typer
from msgspec.structs import replace

from fraud_platform.cli.terminal import progress_on_stderr, say


def label(
    transaction_id: Annotated[str, typer.Argument(metavar="TRANSACTION", help="As `fraud alerts` lists it.")],
    is_fraud: Annotated[bool, typer.Option("--fraud/--legitimate", help="The verdict.")],
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who. Default: the user that is logged in.")] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="Why, up to 500 characters.")] = None,
    key: Annotated[str | None, typer.Option(help="Whose transaction it is. Looked up where it is not given.")] = None,
) -> None:
    """Report a transaction as fraud or as legitimate, by review, on the labels topic.

    The key is looked up in the lake and among the newest predictions. An id that several have
    is refused, with whose it could be; --key then says which. A chargeback outranks a review,
    and the newest review those before it, so a mistake is put right by another one.

    Examples: `fraud label 20260330-000541 --fraud --by ann --note "customer called"`,
    `fraud label 20260330-000541 --legitimate --key C000123`
    """
    from fraud_platform.messages.personal import masked_key
    from fraud_platform.operations.reviews import key_of, known_keys, review, send_review
    from fraud_platform.settings import load_settings
    from fraud_platform.storage.lake import Lake

    settings = load_settings()
    with progress_on_stderr().status(f"looking up {transaction_id}") as status:
        made = review(transaction_id, key, is_fraud=is_fraud, by=by or getpass.getuser(), note=note)
        owner = key_of(transaction_id, known_keys(settings, Lake(settings), transaction_id), key)
        status.update("sending the review")
        send_review(settings, replace(made, key=owner))
    verdict = "fraud" if is_fraud else "legitimate"
    say(f"{transaction_id} of {masked_key(owner)} is reported as {verdict} by {made.reviewer}; see 'fraud alerts'")
