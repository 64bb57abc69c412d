"""The long form of the chaos test, on a stack of its own: `make chaos KILLS=100`."""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from rich.console import Console

from fraud_platform.feeding.messages import Disturbances, transaction_messages
from fraud_platform.local.stack import Stack
from fraud_platform.storage.kafka import create_topics
from fraud_platform_tests.chaos.faults import with_lying_clocks
from fraud_platform_tests.chaos.run import Kill, plan, scorer_under_fire
from fraud_platform_tests.support import bundles
from fraud_platform_tests.support.kafka_outcome import assert_features_equal_batch, outcome
from fraud_platform_tests.support.settings import stack_settings
from fraud_platform_tests.support.stack_cleanup import reaped_stack

PIECE_MESSAGES = 60
LYING_SHARE = 0.02
"""Messages of producers whose clocks lie."""
MESSAGES_A_DAY = 350
SERVICES = {3: "mlflow", 9: "kafka"}
"""Which service dies ahead of which kill of twelve."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    kills = plan(options.kills, options.seed)
    services: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="fraud-chaos-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        settings = stack_settings(folder, kafka_partitions=2)
        with reaped_stack(settings) as stack, Console(stderr=True).status("starting Kafka and MLflow") as status:
            stack.up(services=["kafka", "mlflow"])
            create_topics(settings)
            models = [bundles.register(settings, folder / str(seed), seed=seed) for seed in (1, 2)]
            wanted = (len(kills) + 1) * PIECE_MESSAGES
            days = bundles.transactions(20 + wanted // MESSAGES_A_DAY)
            messages = sorted(transaction_messages(days, Disturbances(0.05, 0.02, 0.02, 5)))[:wanted]

            def before(number: int, kill: Kill) -> None:
                told = f"{kill.role}, {kill.moment}" + (f", and {kill.fault}" if kill.fault else "")
                status.console.print(f"kill {number} of {len(kills)}: {told}")
                status.update("waiting for the moment")
                if service := SERVICES.get(number % 12):
                    status.update(f"{service} dies and is started again")
                    kill_service(stack, service)
                    services[service] += 1
                elif SERVICES.get((number - 1) % 12):  # the next model is promoted only once MLflow is back
                    stack.up(services=["kafka", "mlflow"])

            began = time.monotonic()
            messages = with_lying_clocks(messages, LYING_SHARE, options.seed)
            former = scorer_under_fire(settings, folder / "pauses", messages, kills, models, before)
            seconds = time.monotonic() - began
            result = outcome(settings, former)
            assert_features_equal_batch(settings, former)
    report = {
        "kills": len(kills),
        "seed": options.seed,
        "of": {f"{role}, {moment}": n for (moment, role), n in sorted(Counter(kill[:2] for kill in kills).items())},
        "services_killed_besides": dict(services),
        "other_faults": dict(Counter(kill.fault for kill in kills if kill.fault)),
        **result._asdict(),
        "features": "equal to batch",
        "seconds": round(seconds),
    }
    print(json.dumps(report, indent=2))
    return 0 if result.is_exactly_once else 1


def kill_service(stack: Stack, name: str) -> None:
    """kill -9 of Kafka or MLflow, which their supervisor starts again meanwhile."""
    (pid,) = (service.pid for service in stack.status() if service.name == name)
    if pid:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
