"""The port that several processes share, held by a socket that never listens.

Each process listens on it for itself (SO_REUSEPORT, socket(7)): the kernel spreads new connections over those
that listen, and one that dies takes only its own with it. It would as willingly let another deployment of
the same user join, so the port is taken without that option first.
"""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def reserved_port(host: str, port: int) -> Iterator[int]:
    """Hold the port on every address of `host` and give its number; port 0 takes a free one.

    Two that begin in the same moment are not told apart: only who listens is seen.
    Raises `OSError` for a port that is taken.
    """
    with ExitStack() as sockets:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(found):
            holder = sockets.enter_context(socket.socket(family, kind, protocol))
            _bind_alone(holder, (address[0], port, *address[2:]))
            port = holder.getsockname()[1]
        yield port


def _bind_alone(holder: socket.socket, address: tuple[object, ...]) -> None:
    """Bind unless somebody listens there; an earlier server's fading connections are no hindrance."""
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if holder.family == socket.AF_INET6:
        holder.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    holder.bind(address)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
