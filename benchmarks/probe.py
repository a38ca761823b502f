"""`python -m benchmarks.probe PORT`: how long a request waits that needs nothing but the server's event loop.

OPTIONS asks no database and no disk. It goes over a connection of its own every 5 ms, until told to end.
"""

import http.client
import select
import sys
import time
from collections.abc import Sequence

from benchmarks.starting_line import race
from benchmarks.tus import TUS

_EVERY_SECONDS = 0.005


def probe(port: int) -> Sequence[float]:
    """Return the seconds each request took, until there is a line on standard input."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    seconds = []
    while not select.select([sys.stdin], [], [], _EVERY_SECONDS)[0]:
        begun = time.perf_counter()
        connection.request("OPTIONS", "/v1/uploads", headers=TUS)
        connection.getresponse().read()
        seconds.append(time.perf_counter() - begun)
    return seconds


if __name__ == "__main__":
    race(lambda: probe(int(sys.argv[1])))
