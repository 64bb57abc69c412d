"""The scorer: `python -m streaming`. A small process that keeps the driver, with Spark in it, running."""

import logging
import sys

from fraud_platform.errors import FraudPlatformError
from fraud_platform.settings import load_settings
from streaming.process.exit_code import FINAL_EXIT_CODE
from streaming.process.log_lines import log_to_stderr

log = logging.getLogger("streaming")


def main() -> int:
    """Exit code 0 after a signal, 1 where restarts did not help, 2 where none could have helped."""
    log_to_stderr()
    try:
        # Here, since they read the declaration, and what is wrong with that is one line, too.
        from streaming.process.status_server import serve
        from streaming.process.supervisor import Supervisor

        settings = load_settings()
        command = [sys.executable, "-m", "streaming.process.driver"]
        supervisor = Supervisor(command, settings.scorer_max_restarts, settings.scorer_stall_seconds)
        supervisor.handle_signals()
        serve(settings.bind_host, settings.metrics_port, supervisor.health, supervisor.metrics)
        return supervisor.run()
    except FraudPlatformError as error:
        log.error("%s", error)
        return FINAL_EXIT_CODE


if __name__ == "__main__":
    sys.exit(main())
