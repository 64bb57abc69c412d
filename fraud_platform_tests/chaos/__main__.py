"""The long form of the chaos test, on a stack of its own: `make chaos KILLS=100`."""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from rich.console import Console

from fraud_platform.storage.feed_messages import Disturbances, transaction_messages
from fraud_platform.storage.kafka import create_topics
from fraud_platform_tests import bundles
from fraud_platform_tests.chaos.run import plan, scorer_under_fire
from fraud_platform_tests.conftest import stack_settings
from fraud_platform_tests.outcome import assert_features_equal_batch, outcome
from fraud_platform_tests.reaping import reaped_stack

PIECE_MESSAGES = 60


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    console = Console(stderr=True)
    kills = plan(options.kills, options.seed)
    with tempfile.TemporaryDirectory(prefix="fraud-chaos-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        settings = stack_settings(folder, kafka_partitions=2)
        with reaped_stack(settings) as stack, console.status("starting Kafka and MLflow") as status:
            stack.up(services=["kafka", "mlflow"])
            create_topics(settings)
            models = [bundles.register(settings, folder / str(seed), seed=seed) for seed in (1, 2)]
            messages = sorted(transaction_messages(bundles.transactions(20), Disturbances(0.05, 0.02, 0.02, 5)))
            began = time.monotonic()
            scorer_under_fire(
                settings,
                folder / "pauses",
                messages[: (len(kills) + 1) * PIECE_MESSAGES],
                kills,
                models,
                lambda number, kill: status.update(f"kill {number} of {len(kills)}: {kill.role}, {kill.moment}"),
            )
            seconds = time.monotonic() - began
            result = outcome(settings)
            assert_features_equal_batch(settings)
    report = {
        "kills": len(kills),
        "seed": options.seed,
        "of": {f"{role}, {moment}": n for (moment, role), n in sorted(Counter(kills).items())},
        **result._asdict(),
        "features": "equal to batch",
        "seconds": round(seconds),
    }
    print(json.dumps(report, indent=2))
    return 0 if result.is_exactly_once else 1


if __name__ == "__main__":
    sys.exit(main())
