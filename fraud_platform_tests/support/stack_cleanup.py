"""Stacks of tests end with the test run, even where the run itself is killed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from fraud_platform.local.environment import environment
from fraud_platform.local.stack import Stack
from fraud_platform.settings import Settings
from fraud_platform_tests.support.log_tails import show_on_failure

# Reads until the pipe closes, which the test run's death does too.
REAPER = """
import sys
sys.stdin.read()
from fraud_platform.local.stack import Stack
from fraud_platform.settings import load_settings
Stack(load_settings()).down()
"""


@contextmanager
def reaped_stack(settings: Settings) -> Iterator[Stack]:
    """A stack with nothing started yet; whatever was started in it is ended at the end."""
    show_on_failure(settings.log_dir)
    reaper = subprocess.Popen(
        [sys.executable, "-c", REAPER],
        stdin=subprocess.PIPE,
        env={**os.environ, **environment(settings)},
        start_new_session=True,
    )
    with reaper:
        stack = Stack(settings)
        try:
            yield stack
        finally:
            stack.down()
            reaper.kill()
