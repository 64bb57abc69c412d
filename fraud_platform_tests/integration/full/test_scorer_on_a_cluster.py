"""The scorer with its executors on a Spark standalone cluster, one of which is lost."""

import signal

import psutil
import pytest

from fraud_platform.feeding.messages import Disturbances, transaction_messages
from fraud_platform.operations.aliases import CHAMPION
from fraud_platform.settings import Settings
from fraud_platform.storage.registry import Registry
from fraud_platform_tests.chaos.run import UnderFire
from fraud_platform_tests.support import bundles
from fraud_platform_tests.support.kafka_outcome import assert_features_equal_batch, outcome, send


@pytest.fixture
def settings(mlflow_server, make_scorer_settings, cluster) -> Settings:
    return make_scorer_settings(**cluster.settings())


def test_what_executors_compute_is_what_batch_computes_also_after_one_was_lost(settings, cluster, tmp_path):
    Registry(settings).set_alias(CHAMPION, bundles.register(settings, tmp_path / "model"))
    messages = sorted(transaction_messages(bundles.transactions(4), Disturbances(0.05, 0.02, 0.02, 5)))
    half = len(messages) // 2
    with UnderFire(settings, tmp_path / "pauses") as fire:
        send(settings, messages[:half])
        fire.wait_until(lambda: outcome(settings).lost == 0, "predictions of the first half")
        (executor,) = executors(cluster.workers[0].pid)
        with fire.process.frozen():
            send(settings, messages[half:])
        executor.kill()
        fire.wait_until(lambda: outcome(settings).lost + outcome(settings).letters_lost == 0, "the rest")
        assert fire.process.end(signal.SIGTERM) == 0

    assert outcome(settings).is_exactly_once
    assert_features_equal_batch(settings)


def executors(worker_pid: int) -> list[psutil.Process]:
    """The JVMs that a worker runs for applications."""
    children = psutil.Process(worker_pid).children(recursive=True)
    return [process for process in children if process.name() == "java" and "Executor" in " ".join(process.cmdline())]
