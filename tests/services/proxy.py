"""A bad way to an HTTP server: it cuts, keeps silent, slows down, or answers in the server's place."""

import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

PIECE_BYTES = 1 << 14


@dataclass(frozen=True)
class Fault:
    """What befalls one request; nothing unless said."""

    #: Answered at once, with this code of the store's.
    status: int = 0
    code: str = ""
    #: The connection is cut after so many bytes of the request's body, or of the answer.
    cut_sent: int | None = None
    cut_answer: int | None = None
    #: The request gets through, but its answer is lost.
    lose_answer: bool = False
    #: Nothing is ever said.
    silent: bool = False
    bytes_per_second: int | None = None


#: From a request's first line to what befalls it.
Choose = Callable[[str], Fault]


def nothing(_: str) -> Fault:
    return Fault()


class FaultyProxy(socketserver.ThreadingTCPServer):
    """Listens on a port of its own; every request has a connection of its own."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, server_port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.server_port = server_port
        self.choose: Choose = nothing
        #: The first lines of all requests so far.
        self.requests: list[str] = []

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Request(socketserver.StreamRequestHandler):
    server: FaultyProxy

    def handle(self) -> None:
        with suppress(OSError):
            head = list(iter(self.rfile.readline, b"\r\n"))
            if not head or not head[-1]:
                return
            first = head[0].decode().strip()
            self.server.requests.append(first)
            fault = self.server.choose(first)
            if fault.silent:
                self.rfile.read()
            elif fault.status:
                self._refuse(head, fault)
            else:
                self._pass(head, fault)

    def _refuse(self, head: list[bytes], fault: Fault) -> None:
        fields = dict(line.strip().lower().split(b": ", 1) for line in head[1:])
        if b"expect" not in fields:
            self.rfile.read(int(fields.get(b"content-length", b"0")))
        body = f"<Error><Code>{fault.code}</Code><Message>so it is</Message></Error>".encode()
        if head[0].startswith(b"HEAD "):
            body = b""
        self.wfile.write(
            f"HTTP/1.1 {fault.status} No\r\nContent-Length: {len(body)}\r\n"
            "Content-Type: application/xml\r\nConnection: close\r\n\r\n".encode()
            + body
        )

    def _pass(self, head: list[bytes], fault: Fault) -> None:
        with socket.create_connection(("127.0.0.1", self.server.server_port)) as server:
            server.sendall(b"".join([*head, b"Connection: close\r\n\r\n"]))
            sender = threading.Thread(target=self._send, args=(server, fault), daemon=True)
            sender.start()
            if fault.lose_answer:
                server.recv(1)  # the server has done what it was asked
            else:
                _copy(server.recv, self.connection.sendall, fault.cut_answer, fault.bytes_per_second)
            _end(self.connection)
            sender.join()

    def _send(self, server: socket.socket, fault: Fault) -> None:
        with suppress(OSError, ValueError):
            _copy(self.rfile.read1, server.sendall, fault.cut_sent, fault.bytes_per_second)
        if fault.cut_sent is not None:
            _end(server)
            _end(self.connection)


def _copy(
    read: Callable[[int], bytes], write: Callable[[bytes], object], limit: int | None, rate: int | None
) -> None:
    """Pass on bytes to the end, or to the limit."""
    left = 1 << 62 if limit is None else limit
    while left > 0 and (data := read(min(PIECE_BYTES, left))):
        write(data)
        left -= len(data)
        if rate:
            time.sleep(len(data) / rate)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def faulty_proxy(port: int) -> Iterator[FaultyProxy]:
    """Give a proxy before the server at a port of this machine."""
    with FaultyProxy(port) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
