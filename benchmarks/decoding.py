"""What decoding costs: messages a second by the decoder of the declaration in force, on one core.

PYTHONPATH=. .venv/bin/python benchmarks/decoding.py

The rounds take turns, and so do the decoders within a round. The time is CPU time, so that a busy neighbour counts
less. Beside it stands what msgspec takes to read the same messages into structs that somebody wrote by hand, of which
nothing is judged but the types: no decoder of these messages can be faster.
"""

import argparse
import time
from collections.abc import Callable
from datetime import date, timedelta

import msgspec

from benchmarks.paired_ratio import median_ratio
from fraud_platform.core.simulation.days import simulate_day
from fraud_platform.core.simulation.world import World
from fraud_platform.feeding.messages import Disturbances, transaction_messages
from fraud_platform.messages.schemas import Transaction
from fraud_platform.messages.transactions import DECODER

MESSAGES, BATCH, ROUNDS, SEED = 200_000, 10_000, 15, 11
Batch = tuple[list[bytes], list[bytes], list[int]]
_read = msgspec.json.Decoder(Transaction).decode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of which the median counts")
    options = parser.parse_args()
    plain = batches(options.messages, b"")
    more = batches(options.messages, b', "mcc": "5411", "entry": "chip:pin", "terminal": {"id": "T9", "zip": null}}')
    for title, messages in {"as simulated": plain, "with members that are not declared": more}.items():
        seconds = measured(messages, options.rounds)
        print(f"{options.messages:,} messages {title}")
        for name, times in seconds.items():
            rate = options.messages / sorted(times)[len(times) // 2]
            ratio = f"; declared is {median_ratio(times, seconds['declared'], SEED)} times as fast"
            print(f"  {name:<20} {rate:>10,.0f} messages/s{ratio if name != 'declared' else ''}")


def batches(count: int, ending: bytes) -> list[Batch]:
    """Simulated messages in batches as Spark gives them; ending: what comes in place of each one's last brace."""
    world, day, sent = World(seed=SEED, customers=20_000), date(2026, 3, 1), []
    while len(sent) < count:
        sent += transaction_messages(simulate_day(world, day), Disturbances(seed=SEED))
        day += timedelta(days=1)
    values = [message.value[:-1] + ending if ending else message.value for message in sent[:count]]
    columns = [message.key for message in sent[:count]], values, [message.send_ms for message in sent[:count]]
    return [tuple(column[i : i + BATCH] for column in columns) for i in range(0, count, BATCH)]  # type: ignore[misc]


def declared(batch: Batch) -> int:
    return len(DECODER.decode(*batch).accepted)


def read_only(batch: Batch) -> int:
    return len([_read(value) for value in batch[1]])


DECODERS: dict[str, Callable[[Batch], int]] = {"declared": declared, "structs, unjudged": read_only}


def measured(messages: list[Batch], rounds: int) -> dict[str, list[float]]:
    """Seconds of CPU time of each decoder, a round each."""
    seconds: dict[str, list[float]] = {name: [] for name in DECODERS}
    for number in range(rounds + 1):
        order = list(DECODERS.items())
        for name, decode in order if number % 2 else order[::-1]:
            started = time.process_time()
            accepted = sum(map(decode, messages))
            elapsed = time.process_time() - started
            if accepted != sum(len(batch[0]) for batch in messages):
                raise SystemExit(f"{name} accepted {accepted:,} messages only")
            if number:  # the first round warms up
                seconds[name].append(elapsed)
    return seconds


if __name__ == "__main__":
    main()
