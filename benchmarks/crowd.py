"""`python -m benchmarks.crowd`: many small uploads at once, each over a connection of its own."""

import argparse
import asyncio
from collections.abc import Sequence

from benchmarks.starting_line import race
from benchmarks.tus import TUS, TusClient, append_headers


async def send_all(
    port: int, key: str, uploads: list[str], pieces: list[bytes], pause_seconds: float
) -> Sequence[float]:
    """Send the same pieces to every upload, with a pause after each."""
    async with asyncio.TaskGroup() as group:
        for upload in uploads:
            group.create_task(_send(port, key, upload, pieces, pause_seconds))
    return []


async def _send(port: int, key: str, upload: str, pieces: list[bytes], pause_seconds: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    length_bytes = sum(map(len, pieces))
    headers = append_headers(0, length_bytes) | {
        "Host": f"127.0.0.1:{port}",
        "Authorization": f"Bearer {key}",
    }
    headers |= TUS
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"PATCH {upload} HTTP/1.1\r\n{lines}\r\n".encode())
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(pause_seconds)
    status = await reader.readline()
    if b" 204 " not in status:
        raise RuntimeError(f"PATCH {upload} answered {status!r}")
    writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crowd", description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--key", required=True)
    parser.add_argument("--senders", type=int, required=True)
    parser.add_argument("--pieces", type=int, required=True)
    parser.add_argument("--piece-bytes", type=int, required=True)
    parser.add_argument("--pause-seconds", type=float, required=True)
    told = parser.parse_args()
    client = TusClient(told.port, told.key)
    pieces = [bytes(told.piece_bytes)] * told.pieces
    uploads = [client.create(told.pieces * told.piece_bytes, "film.mp4")[0] for _ in range(told.senders)]
    race(lambda: asyncio.run(send_all(told.port, told.key, uploads, pieces, told.pause_seconds)))


if __name__ == "__main__":
    main()
