"""kill -9 of parts of a running scorer."""

import contextlib

import psutil

JVM, DRIVER, TREE = "JVM", "Python driver", "whole tree"
ROLES = (JVM, DRIVER, TREE)
GONE_SECONDS = 30


def kill(root_pid: int, role: str) -> None:
    """Kill the part, or the whole tree where the part does not run yet; returns once it is gone."""
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(root_pid)
        tree = [root, *root.children(recursive=True)]
        jvm = next((process for process in tree if process.name() == "java"), None)
        victims = _victims(tree, jvm, role)
        for process in victims:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(victims, GONE_SECONDS)


def has_jvm(root_pid: int) -> bool:
    """Whether a process has started Spark's JVM."""
    try:
        return any(process.name() == "java" for process in psutil.Process(root_pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return False


def _victims(tree: list[psutil.Process], jvm: psutil.Process | None, role: str) -> list[psutil.Process]:
    if role == TREE or jvm is None:
        return tree
    # Spark's launcher scripts exec, so the JVM's parent is the driver, whoever supervises that.
    return [jvm if role == JVM else jvm.parent()]
