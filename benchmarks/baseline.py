"""`python -m benchmarks.baseline FILE [splice]`: the least a receiver can do, by `recv` or by `splice`."""

import os
import socket
import sys
from collections.abc import Callable
from io import FileIO
from pathlib import Path

PIECE_BYTES = 256 * 1024


def copy(connection: socket.socket, sink: FileIO) -> None:
    """Take the bytes into this process and write them."""
    buffer = memoryview(bytearray(PIECE_BYTES))
    while count := connection.recv_into(buffer):
        sink.write(buffer[:count])


def splice(connection: socket.socket, sink: FileIO) -> None:
    """Have the kernel move the bytes; this process never sees them (splice(2))."""
    way_out, way_in = os.pipe()
    while count := os.splice(connection.fileno(), way_in, PIECE_BYTES):
        while count:
            count -= os.splice(way_out, sink.fileno(), count)
    os.close(way_in)
    os.close(way_out)


def serve(file: Path, receive: Callable[[socket.socket, FileIO], None]) -> None:
    """Say the port, then take one connection after the other, each into a new FILE, until killed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            with connection, file.open("xb", buffering=0) as sink:
                receive(connection, sink)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), splice if "splice" in sys.argv[2:] else copy)
