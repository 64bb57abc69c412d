"""A real supervisor whose services only sleep: a running stack without its weight."""

import sys

from fraud_platform.local.environment import service_environment
from fraud_platform.local.paths import StackPaths
from fraud_platform.local.services import Service
from fraud_platform.local.supervisor import Supervisor, configuration
from fraud_platform.settings import Settings
from fraud_platform_tests.support.waiting import wait_until


def start(settings: Settings, *names: str) -> None:
    """Start services of these names; whoever asked for the settings ends them."""
    paths = StackPaths(settings)
    paths.create()
    paths.supervisor_config.write_text(configuration(paths, [_sleeping(name) for name in names]))
    supervisor = Supervisor(paths)
    supervisor.launch(service_environment(settings))
    for name in names:
        supervisor.start(name)
    wait_until(lambda: supervisor.running() == set(names), "the services to run")


def _sleeping(name: str) -> Service:
    return Service(
        name=name,
        command=lambda: [sys.executable, "-c", "import time; time.sleep(3600)"],
        ports=(),
        port_setting="",
        answers=lambda _: True,
    )
