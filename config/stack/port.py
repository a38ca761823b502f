"""The port the gateway will listen on."""

import errno
import socket

from config.stack import StackError

HOST = "127.0.0.1"


def choose_port(port: int) -> int:
    """Return `port`, or a free one for 0.

    Raises:
        StackError: somebody listens on it already, or it may not be used.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError as error:
            problem = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            raise StackError(
                f"port {port} on {HOST} {problem}; name another with PORT=, or PORT=0 for a free one"
            ) from error
        return int(probe.getsockname()[1])
