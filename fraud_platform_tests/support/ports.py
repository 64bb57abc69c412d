"""Free ports on loopback."""

import random
import socket
from contextlib import ExitStack

# Below the range that the system hands out to clients, so that no connection takes one meanwhile.
FIRST, LAST = 20_000, 32_000


def free_ports(count: int) -> list[int]:
    """Ports that are free together with the one above each, which brokers and code servers take too."""
    ports: list[int] = []
    for port in random.SystemRandom().sample(range(FIRST, LAST, 2), 2000):
        if len(ports) == count:
            break
        with ExitStack() as held:
            try:
                for number in (port, port + 1):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", number))
            except OSError:
                continue
            ports.append(port)
    return ports
