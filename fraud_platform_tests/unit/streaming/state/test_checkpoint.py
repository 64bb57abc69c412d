"""One checkpoint, one scorer; and what is read of one, of former releases and of later ones."""

import json
import signal
import subprocess
import sys

import pytest

from fraud_platform.errors import CheckpointInUseError
from fraud_platform_tests.support.simulated_world import FEATURE_SET, LAYOUT
from streaming.state.checkpoint import Checkpoint, hold, newest_checkpoint

HOLD = """
import sys, time
from pathlib import Path
from streaming.state.checkpoint import hold
lock = hold(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_scorer_on_a_checkpoint_is_refused_until_the_first_is_gone_even_if_it_was_killed(tmp_path):
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(CheckpointInUseError, match=f"another scorer works on the checkpoint {tmp_path}"):
            hold(tmp_path, patience_seconds=0)
        other.send_signal(signal.SIGKILL)
        other.wait(30)
        hold(tmp_path).close()


def test_the_newest_checkpoint_is_the_last_one_that_was_finished(tmp_path):
    assert newest_checkpoint(tmp_path) is None
    for number in (1, 2):
        made = Checkpoint(tmp_path / f"{number:04}", "features", 2, {0: 5, 1: 0}, "id", "why", "query")
        made.write()
    (tmp_path / "0003").mkdir()
    assert newest_checkpoint(tmp_path) == made


def test_checkpoints_of_former_releases_and_of_later_ones_are_read(tmp_path):
    told = {"feature_set": "features", "partitions": 2, "starting_offsets": None, "of a later release": [1]}
    (tmp_path / "0001").mkdir()
    (tmp_path / "0001" / "generation.json").write_text(json.dumps(told))
    found = newest_checkpoint(tmp_path)
    assert found == Checkpoint(tmp_path / "0001", "features", 2, None)
    assert not found.fits("id")


def checkpoint_of(folder, **told):
    """One that a scorer of the declaration in force made, but for what is told."""
    made = {"feature_set": FEATURE_SET.hash, "event_layout": LAYOUT.version, "state_version": FEATURE_SET.state_version}
    kept = {"partitions": 2, "starting_offsets": {0: 0, 1: 0}, "topic_id": "id"}
    return Checkpoint(folder, **{**made, **kept, **told})


@pytest.mark.parametrize(
    ("told", "fits"),
    [
        ({}, True),
        ({"feature_set": "of other features"}, True),
        ({"state_version": "of other fields"}, False),
        ({"topic_id": "of another topic"}, False),
        ({"starting_offsets": None}, False),
        ({"state_version": None}, True),
        ({"state_version": None, "feature_set": "of other features"}, False),
        ({"state_version": None, "event_layout": "of other fields"}, False),
    ],
    ids=str,
)
def test_a_checkpoint_fits_whose_state_serves_the_declaration_in_force(tmp_path, told, fits):
    """A former release wrote down no version of the state: it serves the very features that it was made for."""
    made = checkpoint_of(tmp_path / "0001", **told)
    made.write()
    assert newest_checkpoint(tmp_path) == made
    assert made.fits("id") == fits


@pytest.mark.parametrize("metadata", [None, "", "{"])
def test_a_query_that_never_started_or_whose_name_a_power_cut_took_is_none(tmp_path, metadata):
    made = Checkpoint(tmp_path, "features", 2, {0: 0, 1: 0})
    if metadata is not None:
        made.spark_folder.mkdir()
        (made.spark_folder / "metadata").write_text(metadata)
    assert made.query_id is None


def test_with_more_partitions_it_reads_on_to_where_the_old_ones_ended_and_remembers_where(tmp_path):
    made = Checkpoint(tmp_path, "features", 2, {0: 0, 1: 0})
    assert made.reads_on({0: 9, 1: 9}, {0: (0, 9), 1: (0, 9)})
    assert made.reads_on({0: 9, 1: 7}, {0: (0, 9), 1: (0, 9), 2: (0, 3)})
    assert made.reads_on({0: 20, 1: 8}, {0: (0, 20), 1: (0, 20), 2: (0, 30)})
    assert not made.reads_on({0: 20, 1: 9}, {0: (0, 20), 1: (0, 20), 2: (0, 30)})
