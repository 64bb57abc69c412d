"""A field and five features are added to a platform under traffic, in a process that has the new declaration.

`python -m fraud_platform_tests.support.worlds.change FORMER_DECLARATION FILE FIRST HISTORY_DAYS PER_SECOND` trains a
champion under the former declaration, has it decide on live traffic, starts the scorer with the new one, trains under
it, and makes the second version champion. What came of it is the last line on stdout, as JSON.
"""

import json
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from fraud_platform.declared import FEATURE_SET
from fraud_platform.definitions import definitions
from fraud_platform.defs.models.jobs import judging
from fraud_platform.feeding.declared_rows import DeclaredRows
from fraud_platform.feeding.messages import VALUE
from fraud_platform.local.environment import service_environment
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.settings import Settings, load_settings
from fraud_platform.storage.clock import now_ms
from fraud_platform.storage.kafka import producer
from fraud_platform_tests.support.forty_days_platform import run_job
from fraud_platform_tests.support.scorer_process import ScorerProcess
from fraud_platform_tests.support.waiting import wait_until
from fraud_platform_tests.support.worlds.loop import TRAINING, checks_of
from fraud_platform_tests.support.worlds.parity import compared, predictions, read

SOME = 1_500
"""Predictions that each stage waits for."""


class Traffic(threading.Thread):
    """Rows of the file as if they happened now, over and over, each time with other ids."""

    def __init__(self, settings: Settings, file: Path, per_second: float) -> None:
        super().__init__(daemon=True)
        rows = pd.read_csv(file, dtype=str, keep_default_na=False).replace("", None)
        self._frame = DeclaredRows(list(rows)).map_rows(rows, 0).frame
        self._producer, self._topic, self._per_second = producer(settings), settings.kafka_topic, per_second
        self._stopped = threading.Event()
        self.sent = 0

    def run(self) -> None:
        began = time.monotonic()
        values, keys = self._frame[VALUE].tolist(), self._frame["customer_id"].tolist()
        while not self._stopped.wait(max(0, began + self.sent / self._per_second - time.monotonic())):
            at = self.sent % len(values)
            document, now = json.loads(values[at]), now_ms()
            document["auth_id"] = f"live-{self.sent}"
            document["at"] = datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds")
            self._producer.produce(self._topic, json.dumps(document).encode(), keys[at].encode(), timestamp=now)
            self._producer.poll(0)
            self.sent += 1
        self._producer.flush(30)

    def end(self) -> None:
        self._stopped.set()
        self.join(60)


def under(settings: Settings, module: str, *arguments: str) -> dict[str, Any]:
    """What a program of this folder prints under other settings."""
    command = [sys.executable, "-m", f"fraud_platform_tests.support.worlds.{module}", *arguments]
    done = subprocess.run(command, env=service_environment(settings), capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-6_000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


def change(former_declaration: str, file: Path, first: date, history_days: int, per_second: float) -> dict[str, Any]:
    settings = load_settings()
    former = settings.model_copy(update={"declaration": former_declaration})
    under(former, "loop", str(file), str(first), str(history_days), str(history_days))
    traffic, scorer = Traffic(settings, file, per_second), ScorerProcess(former)
    try:
        scorer.start()
        traffic.start()
        _wait_for(settings, lambda p: p.model_version == 1)
        codes = [scorer.end(signal.SIGTERM)]
        scorer = ScorerProcess(settings)
        scorer.start()
        _wait_for(settings, lambda p: p.feature_set == FEATURE_SET.hash)
        platform = PlatformResource(overrides={})
        with dg.DagsterInstance.ephemeral() as instance:
            jobs, last = definitions(platform), first + timedelta(days=history_days - 1)
            run_job(jobs, instance, "train_fraud_detection_model", first, last, run_config=TRAINING)
            judged = run_job(jobs, instance, "judge_model", run_config=judging(2), raise_on_error=False)
        platform.registry.set_alias(CHAMPION, 2)
        _wait_for(settings, lambda p: p.model_version == 2)
        traffic.end()
        wait_until(lambda: len(predictions(settings)) >= traffic.sent, "the rest of the predictions", 120)
    finally:
        traffic.end()
        codes.append(scorer.end(signal.SIGTERM))
    made = predictions(settings)
    live = sum(json.loads(m.value())["auth_id"].startswith("live-") for m in read(settings, settings.kafka_topic))
    return {
        "codes": codes,
        "live": live,
        "predictions": len(made),
        "distinct": len({p.transaction_id for p in made}),
        "deciding": sorted({(p.feature_set == FEATURE_SET.hash, p.model_version) for p in made}),
        "gate": checks_of(judged),
        "former": under(former, "parity"),
        "new": compared(settings),
    }


def _wait_for(settings: Settings, wanted: Any) -> None:
    wait_until(lambda: sum(map(wanted, predictions(settings))) >= SOME, f"{SOME} predictions", 300)


if __name__ == "__main__":
    former, file, first, history_days, per_second = sys.argv[1:]
    print(json.dumps(change(former, Path(file), date.fromisoformat(first), int(history_days), float(per_second))))
