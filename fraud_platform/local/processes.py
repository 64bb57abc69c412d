"""Processes as the operating system sees them: who holds a port, and what a stack has left behind."""

import os
import socket
from contextlib import suppress

import psutil

from fraud_platform.local.environment import MARKER, SERVICE_MARKER
from fraud_platform.local.paths import StackPaths

TERMINATE_SECONDS = 5


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def port_owner(port: int) -> str:
    """The listening program as far as this user may see it, such as 'pid 4711 (python3)'."""
    with suppress(psutil.AccessDenied):
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                with suppress(psutil.NoSuchProcess):
                    return f"pid {connection.pid} ({psutil.Process(connection.pid).name()})"
    return "another program"


def stack_processes(paths: StackPaths) -> dict[int, str]:
    """Process id → service name ('' for the supervisor) of everything that runs for the stack.

    Found by the marker in the environment, which children inherit whatever they do with
    sessions and process groups. The calling process and its parents are left out.
    """
    mine = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            environment = process.environ() if process.pid not in mine else {}
            if environment.get(MARKER) == str(paths.run) and process.status() != psutil.STATUS_ZOMBIE:
                found[process.pid] = environment.get(SERVICE_MARKER, "")
    return found


def end_stack_processes(paths: StackPaths) -> int:
    """End what runs for the stack, gently and then not; returns how many there were."""
    ended: set[int] = set()
    # Until none is found: a process may have started another one meanwhile.
    while pids := set(stack_processes(paths)):
        processes = []
        for pid in pids:
            with suppress(psutil.NoSuchProcess):
                processes.append(psutil.Process(pid))
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill() if process.pid in ended else process.terminate()
        psutil.wait_procs(processes, timeout=TERMINATE_SECONDS)
        ended |= pids
    return len(ended)


def resident_megabytes(pid: int) -> int:
    """Resident memory of a process and all below it; pages that they share count for each."""
    total = 0
    with suppress(psutil.Error):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.Error):
                total += process.memory_info().rss
    return total // 2**20
