"""Batches around offsets that nothing can read: the others are scored as ever, these become dead letters.

A range that Spark cannot read is fixed in its log, so no setting helps and a new start meets it again. Here its batch
is read around the offsets that the ledger says to pass over.
"""

from pyspark.sql import DataFrame

from fraud_platform.messages.passed_over import passed_over, within
from fraud_platform.operations.ledger import settled_events
from fraud_platform.pipeline.passed_messages import messages_around
from fraud_platform.settings import Settings
from streaming.batch.received import PLACE
from streaming.state.spark_log import SparkLog


class Passing:
    """What is passed over, as of the scorer's start."""

    def __init__(self, settings: Settings, spark_log: SparkLog) -> None:
        """The scorer's own start has to be in the ledger: it settles what was asked for."""
        self._settings, self._log = settings, spark_log
        self._passed = passed_over(settled_events(settings))

    def around(self, messages: DataFrame, batch_id: int) -> DataFrame:
        """The batch's messages; where some are passed over, read anew, with PASSED_OVER as a further column."""
        if not self._passed:
            return messages
        topic = self._settings.kafka_topic
        start, end = self._log.offsets_of(batch_id)
        offsets = {p: (start[p], offset) for p, offset in end.items()}
        if not within(self._passed, offsets):
            return messages
        read = messages_around(messages.sparkSession, self._settings, topic, offsets, self._passed)
        read = read.withColumnsRenamed({f"kafka_{name}": name for name in PLACE})
        # As ever a task has one Kafka partition, whole and in offset order.
        return read.repartitionById(max(offsets) + 1, "partition").sortWithinPartitions("offset")
