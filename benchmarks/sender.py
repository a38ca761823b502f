"""`python -m benchmarks.sender`: send one large upload, over one connection, as fast as it is taken."""

import argparse
import socket
from functools import partial

from benchmarks.starting_line import race
from benchmarks.tus import TusClient, pieces


def send_bare(connection: socket.socket, length_bytes: int) -> None:
    """Send the bytes and nothing else, and wait until the receiver has seen their end."""
    for piece in pieces(length_bytes):
        connection.sendall(piece)
    connection.shutdown(socket.SHUT_WR)
    connection.recv(1)


def send_upload(client: TusClient, upload: str, length_bytes: int, chunk_bytes: int) -> None:
    """Send the upload in PATCH requests of `chunk_bytes`."""
    for offset in range(0, length_bytes, chunk_bytes):
        count = min(chunk_bytes, length_bytes - offset)
        client.append(upload, offset, pieces(count), count)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sender", description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("length_bytes", type=int)
    parser.add_argument("--chunk-bytes", type=int, default=0, help="0: everything in one request")
    parser.add_argument("--key", help="of a centre; without one the bytes are sent bare")
    told = parser.parse_args()
    if told.key is None:
        with socket.create_connection(("127.0.0.1", told.port)) as connection:
            race(partial(send_bare, connection, told.length_bytes))
    else:
        client = TusClient(told.port, told.key)
        upload, _ = client.create(told.length_bytes, "film.mp4")
        chunk_bytes = told.chunk_bytes or told.length_bytes
        race(partial(send_upload, client, upload, told.length_bytes, chunk_bytes))


if __name__ == "__main__":
    main()
