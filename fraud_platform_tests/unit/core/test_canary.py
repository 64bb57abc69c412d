"""When a new version has to go: its alerts leave the band, or frauds that it did not expect are reported."""

import pytest

from fraud_platform.core.canary import AlertCounts, early_labels_broken


@pytest.mark.parametrize(
    ("champion", "version", "broken"),
    [
        (0, 0, False),
        (10, 12, False),
        (10, 29, False),  # within three times
        (10, 80, True),
        (80, 10, True),  # a model that has gone blind is no better
        (0, 5, False),  # too few to tell
        (0, 20, True),
    ],
)
def test_a_version_goes_when_its_alerts_leave_the_band(champion, version, broken):
    reason = AlertCounts(1000, champion, version).out_of_band(3)
    assert (reason is not None) == broken
    if reason:
        assert f"{version} alerts" in reason and f"raised {champion}" in reason


def test_the_counts_add_up_over_batches():
    counts, verdicts = AlertCounts(), []
    for _ in range(30):
        counts = counts.plus(AlertCounts(100, 1, 6))
        verdicts.append(counts.out_of_band(3) is not None)
    assert counts == (3000, 30, 180)
    assert verdicts == sorted(verdicts) and verdicts[-1] and not verdicts[0]


@pytest.mark.parametrize(
    ("expected", "reported", "broken"),
    [
        (0.0, 0, False),
        (50.0, 0, False),  # reports come late
        (50.0, 140, False),  # within three times
        (50.0, 200, True),
        (0.1, 4, False),  # too few to tell
        (0.1, 12, True),
    ],
)
def test_a_version_goes_when_more_frauds_are_reported_than_it_can_have_meant(expected, reported, broken):
    reason = early_labels_broken(expected, reported, 3)
    assert (reason is not None) == broken
    assert not reason or f"{reported} frauds" in reason
