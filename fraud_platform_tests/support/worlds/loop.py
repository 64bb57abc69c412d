"""The whole loop in a process of its own, since a process has one declaration: from a file to live predictions.

`python -m fraud_platform_tests.support.worlds.loop FILE FIRST HISTORY_DAYS DAYS` sends the first days of the file,
trains on them, has the gate judge the version and makes it champion. Where days are left, it starts the scorer, sends
them, and compares what the scorer computed with batch. What came of it is the last line on stdout, as JSON.
"""

import json
import signal
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
from typer.testing import CliRunner

from fraud_platform.cli.main import app
from fraud_platform.declared import FEATURE_SET
from fraud_platform.definitions import definitions
from fraud_platform.defs.models.jobs import judging
from fraud_platform.feeding.replaying import Replay
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.operations.parity import recent_parity
from fraud_platform.resources.platform import PlatformResource
from fraud_platform.settings import load_settings
from fraud_platform.storage.kafka import create_topics
from fraud_platform_tests.support.forty_days_platform import run_job
from fraud_platform_tests.support.scorer_process import ScorerProcess
from fraud_platform_tests.support.waiting import wait_until
from fraud_platform_tests.support.worlds.parity import predictions

TRAINING = {"ops": {"candidate_models": {"config": {"epochs": 40}}}}


def loop(file: str, first: date, history_days: int, days: int) -> dict[str, Any]:
    settings = load_settings()
    create_topics(settings)
    platform = PlatformResource(overrides={})
    middle, last = first + timedelta(days=history_days - 1), first + timedelta(days=days - 1)
    sent = [_replay(file, first, first, middle)]
    scorer = ScorerProcess(settings)
    with dg.DagsterInstance.ephemeral() as instance:
        jobs = definitions(platform)
        trained = run_job(jobs, instance, "train_fraud_detection_model", first, middle, run_config=TRAINING)
        judged = run_job(jobs, instance, "judge_model", run_config=judging(1), raise_on_error=False)
        platform.registry.set_alias(CHAMPION, 1)
        if history_days == days:
            return {"sent": sent, "training_checks": checks_of(trained), "gate": checks_of(judged)}
        scorer.start()
        try:
            sent.append(_replay(file, first, middle + timedelta(days=1), last))
            wait_until(lambda: len(predictions(settings)) >= sent[1], f"{sent[1]} predictions", 300)
        finally:
            code = scorer.end(signal.SIGTERM)
        verified = run_job(jobs, instance, "verify_predictions", middle + timedelta(days=1), last)
    parity = recent_parity(settings, platform.lake, 0)
    made = predictions(settings)
    return {
        "sent": sent,
        "scorer_exit_code": code,
        "training_checks": checks_of(trained),
        "gate": checks_of(judged),
        "predictions": len(made),
        "distinct": len({p.transaction_id for p in made}),
        "feature_sets": sorted({p.feature_set for p in made}),
        "declared": [FEATURE_SET.hash, len(FEATURE_SET.names)],
        "features": sorted({len(p.features) for p in made}),
        "alerts": sum(p.is_fraud for p in made),
        "reasons": sorted({reason for p in made for reason in p.reasons})[:20],
        "verified": checks_of(verified),
        "parity": [parity.holds, parity.parity.rows, str(parity)],
    }


def _replay(file: str, first: date, start: date, end: date) -> int:
    """Send days, dated as after the file's first day was moved; returns the number of transactions."""
    moved = first - Replay(load_settings(), [Path(file)], None).period.first
    arguments = ["replay", file, "--start", str(start - moved), "--end", str(end - moved), "--flush-labels", "--json"]
    result = CliRunner().invoke(app, [*arguments, "--shift-to", str(start)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.strip().splitlines()[-1])["transactions"]


def checks_of(result: dg.ExecuteInProcessResult) -> dict[str, list[Any]]:
    return {e.check_name: [e.passed, e.description] for e in result.get_asset_check_evaluations()}


if __name__ == "__main__":
    file, first, history_days, days = sys.argv[1:]
    print(json.dumps(loop(file, date.fromisoformat(first), int(history_days), int(days))))
