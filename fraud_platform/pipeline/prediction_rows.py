"""Messages of the predictions topic → rows of serving/predictions."""

from collections.abc import Callable

import pyarrow as pa

from fraud_platform.messages.arrow_schemas import PLACE, POSITION, PREDICTION_FIELDS, structs_to_table
from fraud_platform.messages.predictions import prediction_reader
from fraud_platform.pipeline.topic_days import Decode


def prediction_rows(topic: str, on_skipped: Callable[[int], object]) -> Decode:
    """Decoder of messages (POSITION, value) into rows of PREDICTION.

    The scorer is not the topic's only possible writer: messages that are no predictions are
    left out, named in the log, and told by their number to `on_skipped`.
    """

    def rows(batch: pa.RecordBatch) -> pa.Table:
        reader = prediction_reader(topic)
        places = (batch[name].to_pylist() for name in (*PLACE, "value"))
        decoded = [reader.decode(*place) for place in zip(*places, strict=True)]
        reader.tell()
        on_skipped(reader.skipped)
        wanted = pa.array([prediction is not None for prediction in decoded], pa.bool_())
        found = pa.Table.from_batches([batch]).select(POSITION.names).filter(wanted)
        fields = structs_to_table([prediction for prediction in decoded if prediction is not None], PREDICTION_FIELDS)
        for name in fields.column_names:
            found = found.append_column(name, fields[name])
        return found

    return rows
