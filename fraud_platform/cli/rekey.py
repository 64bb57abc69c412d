"""`fraud rekey`: a topic with other keys, or none, as one that the scorer can read."""

import json
import signal
from threading import Event
from typing import Annotated

import typer

from fraud_platform.cli.terminal import progress_on_stderr, say


def rekey(
    source: Annotated[str, typer.Argument(help="Topic whose messages have other keys, or none.")],
    follow: Annotated[bool, typer.Option("--follow", help="Go on when the end is reached, until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write each message of a topic once into KAFKA_TOPIC, with the declared key as its Kafka key.

    The scorer needs all transactions of a key in one partition, in their order. Value, headers and
    time stay as they are; a message without a readable key keeps its own, and the scorer says what
    is wrong with it. Stopped, it goes on where it ended: each message is there exactly once.

    Examples: `fraud rekey card_events`, `fraud rekey card_events --follow`
    """
    from fraud_platform.operations import rekey as operation
    from fraud_platform.settings import load_settings
    from fraud_platform.storage.kafka import create_topics

    settings, stop = load_settings(), Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    create_topics(settings)
    with progress_on_stderr().status(f"writing {source} into {settings.kafka_topic}") as status:
        done = operation.rekey(
            settings,
            source,
            stop,
            follow=follow,
            on_written=lambda so_far: status.update(f"{so_far.messages:,} messages of {source} written"),
        )
    if as_json:
        typer.echo(json.dumps(done._asdict() | {"stopped": stop.is_set()}))
        return
    without = f", {done.without_key:,} of them without a readable key" if done.without_key else ""
    say(f"{done.messages:,} messages of {source} are in {settings.kafka_topic}{without}")
