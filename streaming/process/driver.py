"""The process that scores, a child of `python -m streaming`, with Spark's driver in it.

It runs until SIGTERM, or until anything fails.
"""

import logging
import os
import signal
import sys
import threading
from functools import partial
from queue import SimpleQueue
from types import FrameType

from confluent_kafka import KafkaException
from pyspark.sql import DataFrame, SparkSession

from fraud_platform.errors import (
    AccessDeniedError,
    CheckpointInUseError,
    ConfigurationError,
    DeletedMessagesError,
    ExactlyOnceError,
    FraudPlatformError,
)
from fraud_platform.operations import rollout
from fraud_platform.operations.ledger import last_champion
from fraud_platform.operations.rekey import refuse_foreign_keys
from fraud_platform.settings import Settings, load_settings
from fraud_platform.storage.kafka import admin_client, create_topics
from fraud_platform.storage.kafka_errors import kafka_failure, spark_kafka_failure
from fraud_platform.storage.message_times import loose_topics, mend
from fraud_platform.storage.registry import Registry
from fraud_platform.storage.spark import give_s3_keys
from streaming.batch.passing_over import Passing
from streaming.batch.scorer import Scorer
from streaming.batch.source import raw_messages
from streaming.models.alias_watcher import AliasWatcher
from streaming.process.executor_checks import check_executors
from streaming.process.exit_code import FINAL_EXIT_CODE
from streaming.process.lag_monitor import LagMonitor
from streaming.process.log_lines import log_to_stderr
from streaming.process.spark_config import spark_config
from streaming.process.status_pipe import StatusPipe
from streaming.state.checkpoint import checkpoint_folder, hold
from streaming.state.checkpoint_lineage import current_checkpoint
from streaming.state.durable_files import remove_unfinished

log = logging.getLogger("streaming")

FINAL = (ConfigurationError, AccessDeniedError, ExactlyOnceError, DeletedMessagesError, CheckpointInUseError)
"""Errors that no restart mends."""


class ScorerService:
    """Wires source, state, scorer and watcher together, and waits for the first reason to end."""

    def __init__(self, settings: Settings, status: StatusPipe) -> None:
        self._settings = settings
        self._status = status
        # A put into it is safe in a signal handler, which an Event's set is not.
        self._endings: SimpleQueue[BaseException | None] = SimpleQueue()
        self._scorer = Scorer(settings)
        self._passing: Passing
        self._is_open = threading.Event()
        registry = Registry(settings)
        self._watcher = AliasWatcher(
            settings,
            registry,
            partial(last_champion, settings),
            partial(rollout.stop, registry),
            self._scorer,
            self._endings.put,
        )

    def handle_signals(self) -> None:
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._request_stop)

    def _request_stop(self, signum: int, _: FrameType | None) -> None:
        log.info("%s: finishing the batch", signal.Signals(signum).name)
        self._endings.put(None)

    def run(self) -> None:
        """Returns after a signal; raises what ended the query, the watcher or the lag monitor, otherwise."""
        self.handle_signals()
        self._lock = hold(checkpoint_folder(self._settings))
        remove_unfinished(checkpoint_folder(self._settings))
        create_topics(self._settings)
        self._warn_of_loose_times()
        self._status.keep_telling(self._scorer.health)
        self._watcher.start()
        spark = _session(self._settings)
        self.handle_signals()  # again: a new SparkContext puts its own handler on SIGINT
        log.info("waiting for a model with the alias champion")
        threading.Thread(target=self._score, args=(spark,), name="query", daemon=True).start()
        if failure := self._endings.get():
            raise failure
        self._watcher.stop()
        self._scorer.stop()

    def _warn_of_loose_times(self) -> None:
        """A topic that somebody else made may take messages that stop all of its readers."""
        settings = self._settings
        for topic, fault in loose_topics(settings, admin_client(settings), (settings.kafka_topic,)).items():
            log.warning("topic %s %s: set its limits with '%s'", topic, fault, mend(settings, topic))

    def _score(self, spark: SparkSession) -> None:
        """From the first champion to the end of the query, which is the end of the process."""
        try:
            folder = checkpoint_folder(self._settings)
            check_executors(spark, self._settings, folder)
            refuse_foreign_keys(self._settings)
            self._scorer.has_model.wait()
            checkpoint = current_checkpoint(spark, self._settings, folder)
            query = (
                raw_messages(spark, self._settings, checkpoint.starting_offsets)
                .writeStream.queryName("fraud-scorer")
                .foreachBatch(self._process)
                .option("checkpointLocation", str(checkpoint.spark_folder))
                .start()
            )
            self._scorer.open(checkpoint, str(query.id))
            self._passing = Passing(self._settings, checkpoint.log(self._settings.kafka_topic))
            self._is_open.set()
            LagMonitor(self._settings, self._scorer, checkpoint, self._endings.put).start()
            query.awaitTermination()
        except BaseException as error:
            self._endings.put(error)

    def _process(self, messages: DataFrame, batch_id: int) -> None:
        """Of an error in a batch the query would keep the text only."""
        self._is_open.wait()
        try:
            self._scorer.process(self._passing.around(messages, batch_id), batch_id)
        except (FraudPlatformError, KafkaException) as error:
            self._endings.put(error)
            raise


def _session(settings: Settings) -> SparkSession:
    builder = SparkSession.builder.appName("fraud-scorer")
    for name, value in spark_config(settings).items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    give_s3_keys(session, settings)
    session.sparkContext.setLogLevel("WARN")
    return session


def main(status: StatusPipe) -> int:
    log_to_stderr()
    logging.getLogger("py4j").setLevel(logging.WARNING)
    try:
        settings = load_settings()
        try:
            ScorerService(settings, status).run()
        except Exception as error:
            raise _known(settings, error) or error from None
    except FraudPlatformError as error:
        log.error("%s", error)
        status.tell(error=str(error))
        return FINAL_EXIT_CODE if isinstance(error, FINAL) else 1
    except Exception as error:
        log.exception("the scorer failed; restarted, it goes on from its checkpoint")
        status.tell(error=f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}")
        return 1
    return 0


def _known(settings: Settings, error: Exception) -> FraudPlatformError | None:
    """Kafka's refusals, which reach the process in librdkafka's or in Spark's words."""
    if isinstance(error, KafkaException):
        return kafka_failure(settings, error.args[0], "score")
    return spark_kafka_failure(settings, error)


if __name__ == "__main__":
    exit_code = main(StatusPipe(int(sys.argv[1]) if len(sys.argv) > 1 else None))
    logging.shutdown()
    # No batch is at work and none can begin, so there is nothing to wait for: Spark's JVM
    # ends with this process, and StreamingQuery.stop() was seen not to return here.
    os._exit(exit_code)
