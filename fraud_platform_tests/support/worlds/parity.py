"""What the scorer logged, against batch in one go over the whole topic, under the declaration of this process.

`python -m fraud_platform_tests.support.worlds.parity` prints JSON: predictions with this feature set, and what differs.
"""

import json

import numpy as np

from fraud_platform.core.features.entity_events import entity_events_of
from fraud_platform.core.features.parity import compare_features
from fraud_platform.core.features.velocity import velocities_among
from fraud_platform.declared import FEATURE_SET
from fraud_platform.messages.predictions import prediction_reader
from fraud_platform.messages.schemas import Prediction
from fraud_platform.messages.transactions import DECODER
from fraud_platform.settings import Settings, load_settings
from fraud_platform.storage.kafka import committed_reader
from fraud_platform.storage.kafka_offsets import read_range, watermarks


def read(settings: Settings, topic: str) -> list:
    """All committed messages of a topic."""
    with committed_reader(settings) as consumer:
        return list(read_range(consumer, topic, watermarks(consumer, topic)))


def predictions(settings: Settings) -> list[Prediction]:
    topic = settings.kafka_predictions_topic
    reader = prediction_reader(topic)
    found = (reader.decode(m.partition(), m.offset(), m.value()) for m in read(settings, topic))
    return [prediction for prediction in found if prediction is not None]


def accepted(settings: Settings) -> dict[tuple[int, int], np.ndarray]:
    """Features but the matured ones, by partition and offset, of all accepted transactions of the topic."""
    messages = read(settings, settings.kafka_topic)
    times = [m.timestamp()[1] for m in messages]
    decoded = DECODER.decode([m.key() for m in messages], [m.value() for m in messages], times)
    chosen = [messages[i] for i in decoded.accepted]
    events = FEATURE_SET.layout.rows_of(
        lambda field: field.encoded_column(decoded.columns[field.name]), [m.timestamp()[1] for m in chosen]
    )
    plan, arrangement = FEATURE_SET.velocity, FEATURE_SET.kernel.arrange(FEATURE_SET.layout.empty, events)
    velocities = velocities_among(plan, entity_events_of(plan, arrangement))
    values = np.hstack((FEATURE_SET.kernel.features_of(arrangement).values, velocities))
    return {(m.partition(), m.offset()): row for m, row in zip(chosen, values, strict=True)}


def compared(settings: Settings) -> dict[str, object]:
    own = [p for p in predictions(settings) if p.feature_set == FEATURE_SET.hash]
    batch = accepted(settings)
    names = [one.feature.name for one in (*FEATURE_SET.of_key, *FEATURE_SET.velocity.declared)]
    columns = [FEATURE_SET.names.index(name) for name in names]
    stream = np.array([p.features for p in own], float).reshape(len(own), len(FEATURE_SET.names))[:, columns]
    expected = np.array([batch[p.source_partition, p.source_offset] for p in own]).reshape(stream.shape)
    found = compare_features(np.array([p.transaction_id for p in own], object), expected, stream, names)
    return {"rows": len(own), "differing": list(found.differing), "first": found.first_difference}


if __name__ == "__main__":
    print(json.dumps(compared(load_settings())))
