"""One checkpoint, one scorer."""

import signal
import subprocess
import sys

import pytest

from fraud_platform.errors import CheckpointInUseError
from streaming.generation import hold

HOLD = """
import sys, time
from pathlib import Path
from streaming.generation import hold
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
