"""The scorer's process: `python -m streaming`. Runs until SIGTERM, or until anything fails."""

import logging
import signal
import sys
import threading
from types import FrameType

from pyspark.sql import SparkSession

from fraud_platform.errors import FraudPlatformError
from fraud_platform.settings import Settings, load_settings
from fraud_platform.storage.kafka import create_topics
from streaming import progress
from streaming.promotion import ChampionWatcher
from streaming.scorer import Scorer
from streaming.settings import checkpoint_folder, spark_config
from streaming.source import raw_messages
from streaming.state import with_features

log = logging.getLogger("streaming")


class Process:
    """Wires source, state, scorer and watcher together, and waits for the first reason to end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ended = threading.Event()
        self._failure: BaseException | None = None
        self._scorer = Scorer(settings)
        self._watcher = ChampionWatcher(settings, self._scorer.take_over, self._scorer.refuse, self._fail)

    def handle_signals(self) -> None:
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._request_stop)

    def _request_stop(self, signum: int, _: FrameType | None) -> None:
        log.info("%s: finishing the batch", signal.Signals(signum).name)
        self._ended.set()
        self._scorer.has_model.set()

    def _fail(self, error: BaseException) -> None:
        self._failure = error
        self._ended.set()
        self._scorer.has_model.set()

    def run(self) -> None:
        self.handle_signals()
        create_topics(self._settings)
        progress.serve(self._settings.bind_host, self._settings.metrics_port, self._scorer.health)
        self._watcher.start()
        spark = _session(self._settings)
        self.handle_signals()  # again: a new SparkContext puts its own handler on SIGINT
        log.info("waiting for a model with the alias champion")
        self._scorer.has_model.wait()
        if not self._ended.is_set():
            self._score(spark)
        self._watcher.stop()
        if self._failure:
            raise self._failure
        spark.stop()

    def _score(self, spark: SparkSession) -> None:
        query = (
            with_features(raw_messages(spark, self._settings))
            .writeStream.queryName("fraud-scorer")
            .foreachBatch(self._scorer.process)
            .option("checkpointLocation", str(checkpoint_folder(self._settings)))
            .start()
        )
        self._scorer.open(str(query.id))
        threading.Thread(target=self._watch, args=(query,), name="query", daemon=True).start()
        self._ended.wait()
        self._scorer.stop()
        query.stop()

    def _watch(self, query: object) -> None:
        try:
            query.awaitTermination()  # type: ignore[attr-defined]
        except Exception as error:
            if not self._ended.is_set():
                self._fail(error)
        self._ended.set()


def _session(settings: Settings) -> SparkSession:
    builder = SparkSession.builder.appName("fraud-scorer")
    for name, value in spark_config(settings).items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("WARN")
    return session


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("py4j").setLevel(logging.WARNING)
    try:
        Process(load_settings()).run()
    except FraudPlatformError as error:
        log.error("%s", error)
        return 2
    except Exception:
        log.exception("the scorer failed; restarted, it goes on from its checkpoint")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
