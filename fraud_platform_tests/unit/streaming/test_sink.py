"""When a batch is already out, and when marker and checkpoint contradict each other."""

import pytest

from fraud_platform.errors import ExactlyOnceError
from streaming.sink import TransactionalSink


def sink_after(last_batch: int | None, settings) -> TransactionalSink:
    """A sink that found this marker; nothing is connected."""
    sink = TransactionalSink.__new__(TransactionalSink)
    sink.last_batch, sink._settings = last_batch, settings
    return sink


@pytest.mark.parametrize(
    ("marker", "batch", "written"), [(None, 0, False), (0, 0, True), (0, 1, False), (7, 7, True), (7, 8, False)]
)
def test_a_batch_is_written_when_the_marker_has_reached_it(marker, batch, written, settings):
    assert sink_after(marker, settings).is_written(batch) is written


@pytest.mark.parametrize(("marker", "batch"), [(None, 1), (3, 1), (8, 7), (1, 3)])
def test_a_marker_that_does_not_fit_the_batch_is_an_error(marker, batch, settings):
    with pytest.raises(ExactlyOnceError, match=f"batch {batch} follows marker {marker}"):
        sink_after(marker, settings).is_written(batch)
