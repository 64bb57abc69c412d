"""Do stream and batch agree over hundreds of thousands of transactions? `python benchmarks/parity.py`.

A month of a simulated world lies in the lake; the next weeks are streamed, some of them
late or twice, through a scorer that is killed again and again, and once loses its
checkpoint. Then batch computes every feature anew, and each one that the scorer logged
is held against it.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import msgspec

from benchmarks.parity_scorer import Scorer, wait
from benchmarks.scorer_load import register_models
from benchmarks.scorer_process import bench_settings
from fraud_platform.core.simulation.days import simulate_day
from fraud_platform.core.simulation.world import World
from fraud_platform.core.time import day_start_ms
from fraud_platform.definitions import definitions
from fraud_platform.defs.schedules import RANGE_END, RANGE_START
from fraud_platform.feeding.messages import Disturbances, Message
from fraud_platform.feeding.schedule import Schedule
from fraud_platform.local.environment import environment
from fraud_platform.local.stack import Stack
from fraud_platform.messages.schemas import Prediction
from fraud_platform.operations.parity import stream_parity
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.settings import Settings
from fraud_platform.storage.kafka import committed_reader, create_topics
from fraud_platform.storage.kafka_offsets import read_range, watermarks
from streaming.state.checkpoint import checkpoint_folder

HISTORY_DAYS = 30
MERCHANTS = 2_000
MINUTES = 20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=40, help="streamed, after 30 days of history")
    parser.add_argument("--customers", type=int, default=4_000, help="of about 1.3 transactions a day each")
    parser.add_argument(
        "--kills", type=int, default=3, help="kill -9 at equal distances; a start with a new checkpoint follows"
    )
    parser.add_argument("--late", type=float, default=0.05)
    parser.add_argument("--duplicates", type=float, default=0.01)
    parser.add_argument("--json", type=Path, help="write the results there, too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fraud-bench-") as folder, platform_in(Path(folder)) as platform:
        report = Streamed(platform, options, Path(folder)).compare()
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    return 0 if report["holds"] else 1


class Streamed:
    """Days of one world, sent part by part to a scorer that does not live long."""

    def __init__(self, platform: PlatformResource, options: argparse.Namespace, folder: Path) -> None:
        self._platform, self._options = platform, options
        self._settings: Settings = platform.settings
        self._first = datetime.now(UTC).date() - timedelta(days=HISTORY_DAYS + options.days + 1)
        self._scorer = Scorer(self._settings)
        self._instance = dg.DagsterInstance.ephemeral()
        self._sent: list[Message] = []
        self._streamed_from = 0
        self._predicted: list[str] = []
        self._reached: dict[int, int] = {}
        register_models(self._settings, folder / "model")

    def compare(self) -> dict[str, Any]:
        create_topics(self._settings)
        days = self._days()
        history = [next(days) for _ in range(HISTORY_DAYS)]
        self._send(history)
        before = len(self._transactions())
        self._streamed_from = len(self._sent)
        self._refresh(self._first, self._day(HISTORY_DAYS))
        self._scorer.start()
        wait(lambda: self._checkpoints() == 1, "the bootstrapped start", 60 * MINUTES)
        parts = self._options.kills + 2
        for number in range(parts):
            first, last = (HISTORY_DAYS + self._options.days * n // parts for n in (number, number + 1))
            self._send([next(days) for _ in range(first, last)])
            if number < parts - 1:
                self._end(lose_checkpoint=number == parts - 2)
            print(f"part {number + 1} of {parts}: {len(self._sent):,} messages sent", file=sys.stderr, flush=True)
            self._wait(before)
            self._refresh(self._day(first), self._day(last))
        self._scorer.end(signal.SIGTERM)
        return self._verdict(before)

    def _days(self) -> Iterator[list[Message]]:
        world = World(self._settings.seed, self._options.customers, MERCHANTS)
        count = HISTORY_DAYS + self._options.days
        frames = (simulate_day(world, self._day(n)) for n in range(count))
        disturbances = Disturbances(self._options.late, self._options.duplicates, seed=self._settings.seed)
        return Schedule(frames, day_start_ms(self._day(count)), disturbances=disturbances)

    def _day(self, number: int) -> date:
        return self._first + timedelta(days=number)

    def _send(self, days: list[list[Message]]) -> None:
        messages = [message for day in days for message in day]
        self._scorer.send(messages)
        self._sent += messages

    def _transactions(self) -> set[str]:
        return {message.transaction_id for message in self._sent if message.kind != "label"}

    def _end(self, *, lose_checkpoint: bool) -> None:
        """Kill the scorer amid its work and start it again, from the lake alone where it lost its checkpoint."""
        goal = len(self._scored()) + 1
        wait(lambda: len(self._scored()) >= goal, "a prediction of this part", 60 * MINUTES)
        self._scorer.end(signal.SIGKILL)
        if lose_checkpoint:
            newest = max(checkpoint_folder(self._settings).glob("*/generation.json"))
            document = json.loads(newest.read_text())
            newest.write_text(json.dumps(document | {"feature_set": "of an older release"}))
        self._scorer.start()

    def _checkpoints(self) -> int:
        return len(list(checkpoint_folder(self._settings).glob("*/generation.json")))

    def _wait(self, before: int) -> None:
        wanted = len(self._transactions()) - before
        wait(lambda: len(self._scored()) >= wanted, f"{wanted:,} predictions", 60 * MINUTES)

    def _scored(self) -> list[str]:
        """Transaction ids of all predictions that committed readers see; each is read once."""
        decode, topic = msgspec.json.Decoder(Prediction).decode, self._settings.kafka_predictions_topic
        with committed_reader(self._settings) as consumer:
            new = {p: (self._reached.get(p, start), end) for p, (start, end) in watermarks(consumer, topic).items()}
            self._predicted += (decode(m.value()).transaction_id for m in read_range(consumer, topic, new))
        self._reached = {p: end for p, (_, end) in new.items()}
        return self._predicted

    def _refresh(self, first: date, last: date) -> None:
        """Raw tables and what labels say of merchants, up to the start of the last day."""
        self._run("refresh_merchant_risk", first, last)

    def _run(self, job: str, first: date, last: date) -> None:
        tags = {RANGE_START: str(first), RANGE_END: str(last)}
        quiet = {"loggers": {"console": {"config": {"log_level": "WARNING"}}}}
        found = definitions(self._platform).resolve_job_def(job)
        found.execute_in_process(run_config=quiet, instance=self._instance, tags=tags)

    def _verdict(self, before: int) -> dict[str, Any]:
        self._run("verify_predictions", self._first, datetime.now(UTC).date())
        scored = Counter(self._scored())
        wanted = len(self._transactions()) - before
        kinds = Counter(message.kind for message in self._sent[self._streamed_from :])
        result = stream_parity(self._platform.lake, self._first, datetime.now(UTC).date())
        return {
            "holds": result.holds and len(scored) == wanted == scored.total(),
            "streamed": wanted,
            "lost": wanted - len(scored),
            "doubled": scored.total() - len(scored),
            "rows_compared": result.parity.rows,
            "max_difference": result.parity.max_difference,
            "first_difference": result.parity.first_difference,
            "late": kinds["late"],
            "duplicates": kinds["duplicate"],
            "kills": self._options.kills,
            "seeded_starts": self._checkpoints(),
        }


@contextmanager
def platform_in(folder: Path) -> Iterator[PlatformResource]:
    """The platform on a broker and an MLflow server of the benchmark's own."""
    settings = bench_settings(folder, {"STARTING_OFFSETS": "lake"})
    os.environ.update(environment(settings))
    stack = Stack(settings)
    try:
        stack.up(services=["kafka", "mlflow"])
        yield PlatformResource()
    finally:
        stack.down()


if __name__ == "__main__":
    sys.exit(main())
