"""`python -m benchmarks.sender`: send large uploads, a connection each, as fast as they are taken."""

import argparse
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from benchmarks.starting_line import race
from benchmarks.tus import TusClient, pieces


def send_bare(connection: socket.socket, length_bytes: int) -> Sequence[float]:
    """Send the bytes and nothing else, and wait until the receiver has seen their end."""
    for piece in pieces(length_bytes):
        connection.sendall(piece)
    connection.shutdown(socket.SHUT_WR)
    connection.recv(1)
    return []


def send_upload(client: TusClient, upload: str, length_bytes: int, chunk_bytes: int) -> list[float]:
    """Send the upload in PATCH requests of `chunk_bytes`; return the seconds each took."""
    seconds = []
    for offset in range(0, length_bytes, chunk_bytes):
        count = min(chunk_bytes, length_bytes - offset)
        begun = time.perf_counter()
        client.append(upload, offset, pieces(count), count)
        seconds.append(time.perf_counter() - begun)
    return seconds


def send_all(
    clients: Sequence[TusClient], uploads: Sequence[str], length_bytes: int, chunk_bytes: int
) -> list[float]:
    """Send all uploads at once, each in a thread of its own: almost all its time is the kernel's."""
    with ThreadPoolExecutor(len(uploads)) as threads:
        one = partial(send_upload, length_bytes=length_bytes, chunk_bytes=chunk_bytes)
        return [seconds for sent in threads.map(one, clients, uploads) for seconds in sent]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sender", description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("length_bytes", type=int)
    parser.add_argument("--uploads", type=int, default=1, help="how many at once")
    parser.add_argument("--chunk-bytes", type=int, default=0, help="0: everything in one request")
    parser.add_argument("--key", help="of a centre; without one the bytes are sent bare")
    told = parser.parse_args()
    if told.key is None:
        with socket.create_connection(("127.0.0.1", told.port)) as connection:
            race(partial(send_bare, connection, told.length_bytes))
    else:
        clients = [TusClient(told.port, told.key) for _ in range(told.uploads)]
        uploads = [client.create(told.length_bytes, "film.mp4")[0] for client in clients]
        chunk_bytes = told.chunk_bytes or told.length_bytes
        race(partial(send_all, clients, uploads, told.length_bytes, chunk_bytes))


if __name__ == "__main__":
    main()
