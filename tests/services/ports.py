"""Ports for servers of tests, below those that outgoing connections take (32768 and up, ip(7))."""

import random
import socket
from contextlib import ExitStack

#: Of its own: others may seed the common one, and then two runs would ask for the same ports.
_chance = random.SystemRandom()


def free_ports(count: int) -> int:
    """Return the first of so many free ports in a row."""
    for _ in range(200):
        first = _chance.randrange(20_000, 32_000 - count)
        with ExitStack() as probes:
            try:
                for port in range(first, first + count):
                    probes.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
        return first
    raise AssertionError("no free ports")


def free_port() -> int:
    """Return a free port."""
    return free_ports(1)
