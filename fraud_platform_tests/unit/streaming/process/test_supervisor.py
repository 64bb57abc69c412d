"""The supervisor keeps a driver running: restarts, final errors, signals, orphans. Drivers here are small scripts."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from fraud_platform_tests.support.waiting import wait_until
from streaming.process import supervisor
from streaming.process.supervisor import LONGEST_PAUSE_SECONDS, STEADY_SECONDS, RestartBudget, Supervisor


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_SECONDS", 0.01)


class Script:
    """A driver that notes each start in a file, then does what its text says; `status` is its end of the pipe."""

    def __init__(self, folder: Path, text: str) -> None:
        self.starts = folder / "starts"
        self.starts.touch()
        file = folder / "driver.py"
        file.write_text(
            "import os, signal, sys, time\n"
            "from streaming.process.status_pipe import StatusPipe\n"
            "status = StatusPipe(int(sys.argv[1]))\n"
            f"with open({str(self.starts)!r}, 'a') as starts: print(os.getpid(), file=starts)\n"
            f"start = len(open({str(self.starts)!r}).readlines())\n" + textwrap.dedent(text)
        )
        self.command = [sys.executable, str(file)]

    @property
    def pids(self) -> list[int]:
        return [int(line) for line in self.starts.read_text().splitlines()]


def test_the_pause_doubles_up_to_a_limit_and_the_budget_ends():
    budget = RestartBudget(10)
    pauses = [budget.pause_after(0) for _ in range(11)]
    assert all(later == 2 * earlier for earlier, later in pairwise(pauses[:6]))
    assert max(p for p in pauses if p is not None) <= LONGEST_PAUSE_SECONDS
    assert pauses[10] is None


def test_a_driver_that_ran_well_starts_the_count_anew():
    budget = RestartBudget(2)
    assert [budget.pause_after(STEADY_SECONDS) for _ in range(5)] == [supervisor.FIRST_PAUSE_SECONDS] * 5
    assert RestartBudget(0).pause_after(STEADY_SECONDS) is None


def test_drivers_that_each_wrote_a_batch_are_no_failures_in_a_row(tmp_path):
    script = Script(tmp_path, "status.tell(health={'batches': 1}); sys.exit(start < 4)")
    assert Supervisor(script.command, 1).run() == 0
    assert len(script.pids) == 4


def test_a_driver_that_fails_is_started_again_and_health_keeps_why(tmp_path):
    script = Script(tmp_path, "if start < 3: status.tell(error=f'no luck {start}'); sys.exit(1)")
    supervised = Supervisor(script.command, 10)
    assert supervised.run() == 0
    assert len(script.pids) == 3
    health = supervised.health()
    assert (health["restarts"], health["last_error"]) == (2, "no luck 2")
    assert b"fraud_scorer_restarts_total" in supervised.metrics()


def test_too_many_failures_in_a_row_end_it_loudly_with_the_last_error_in_one_line(tmp_path, caplog):
    script = Script(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)")
    assert Supervisor(script.command, 2).run() == 1
    assert len(script.pids) == 3
    assert caplog.messages[-1] == "the scorer gives up after 2 restarts in a row: killed by SIGKILL"


def test_a_word_cut_off_by_a_kill_is_not_heard(tmp_path):
    script = Script(
        tmp_path, 'os.write(int(sys.argv[1]), b\'{"health": {"batch\'); os.kill(os.getpid(), signal.SIGKILL)'
    )
    supervised = Supervisor(script.command, 0)
    assert supervised.run() == 1
    assert supervised.health()["last_error"] == "killed by SIGKILL"


def test_an_error_that_no_restart_mends_ends_it_at_once(tmp_path):
    script = Script(tmp_path, "status.tell(error='wrong password'); sys.exit(2)")
    supervised = Supervisor(script.command, 10)
    assert supervised.run() == 2
    assert len(script.pids) == 1
    assert supervised.health()["last_error"] == "wrong password"


def test_without_restarts_the_first_failure_is_the_last(tmp_path):
    script = Script(tmp_path, "sys.exit(1)")
    assert Supervisor(script.command, 0).run() == 1
    assert len(script.pids) == 1


@pytest.mark.parametrize(
    "hangs", ["status.tell(health={'stalled_seconds': 99})\ntime.sleep(300)", "status.tell(health={})\ntime.sleep(300)"]
)
def test_a_driver_that_stands_still_is_killed_and_replaced(tmp_path, monkeypatch, hangs):
    monkeypatch.setattr(supervisor, "LOOK_SECONDS", 0.01)
    script = Script(tmp_path, "if start > 1: sys.exit(0)\n" + hangs)
    supervised = Supervisor(script.command, 1, stall_seconds=0.5)
    assert supervised.run() == 0
    assert supervised.health()["last_error"] == "it did not move for over SCORER_STALL_SECONDS=0.5"


SUPERVISE = """
import sys
from streaming.process.supervisor import Supervisor
supervised = Supervisor(sys.argv[1:], 10)
supervised.handle_signals()
sys.exit(supervised.run())
"""


@pytest.fixture
def supervise():
    """Starts a supervisor of a script in a process of its own."""
    processes = []

    def start(script: Script) -> subprocess.Popen:
        processes.append(subprocess.Popen([sys.executable, "-c", SUPERVISE, *script.command]))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()


FINISHES = """
signal.signal(signal.SIGTERM, lambda *_: (print('finished', file=open('FOLDER/finished', 'w')), sys.exit(0)))
status.tell(health={})
open('FOLDER/ready', 'w').close()
while True: time.sleep(0.05)
"""


def test_a_signal_is_passed_on_and_the_driver_finishes(tmp_path, supervise):
    script = Script(tmp_path, FINISHES.replace("FOLDER", str(tmp_path)))
    process = supervise(script)
    wait_until((tmp_path / "ready").exists, "the driver")
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert (tmp_path / "finished").read_text() == "finished\n"
    assert not psutil.pid_exists(script.pids[0])


def test_a_second_signal_does_not_wait_for_the_batch(tmp_path, supervise):
    script = Script(tmp_path, FINISHES.replace("FOLDER", str(tmp_path)).replace("sys.exit(0)", "time.sleep(300)"))
    process = supervise(script)
    wait_until((tmp_path / "ready").exists, "the driver")
    process.send_signal(signal.SIGTERM)
    wait_until((tmp_path / "finished").exists, "the driver's hearing the first one")
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert not psutil.pid_exists(script.pids[0])


def test_a_killed_driver_is_replaced(tmp_path, supervise):
    script = Script(tmp_path, "time.sleep(300) if start > 1 else os.kill(os.getpid(), signal.SIGKILL)")
    process = supervise(script)
    wait_until(lambda: len(script.pids) == 2, "a second driver")
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


def test_an_orphaned_driver_ends_itself(tmp_path, supervise):
    script = Script(tmp_path, "status.keep_telling(dict)\ntime.sleep(300)")
    process = supervise(script)
    wait_until(lambda: script.pids, "the driver")
    driver = psutil.Process(script.pids[0])
    process.kill()
    wait_until(lambda: not driver.is_running() or driver.status() == psutil.STATUS_ZOMBIE, "the orphan's end")


def test_health_and_metrics_are_the_driver_s_own_while_it_runs(tmp_path):
    script = Script(
        tmp_path, "status.tell(health={'healthy': True, 'last_batch': 7}, metrics='m 1\\n')\ntime.sleep(300)"
    )
    supervised = Supervisor(script.command, 0)
    assert supervised.health()["state"] == "restarting"
    running = threading.Thread(target=supervised.run)
    running.start()
    wait_until(lambda: supervised.health()["state"] == "running", "the driver's first word")
    assert supervised.health()["healthy"] and supervised.health()["last_batch"] == 7
    assert supervised.metrics().endswith(b"m 1\n")
    os.kill(script.pids[0], signal.SIGTERM)
    running.join(30)
    assert not supervised.health()["healthy"]
