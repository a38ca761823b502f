"""What the stack is made of: one value for each part, and how it is asked whether it works."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

#: Says whether the part answers; may raise `OSError` or `TimeoutError` while it does not.
Ask = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Part:
    """One process that is kept running."""

    name: str
    argv: tuple[str, ...]
    #: `None`: nobody waits for it, and it may fail for as long as it likes.
    ask: Ask | None
    #: How long it may take to answer for the first time.
    start_seconds: float = 20
    #: What it gets between SIGTERM and SIGKILL.
    grace_seconds: float = 4
    #: The first pause before it is started again; doubles up to `longest_pause_seconds`.
    pause_seconds: float = 0.2
    longest_pause_seconds: float = 15


async def ask_socket(path: Path, question: bytes, answer: bytes) -> bool:
    """Say whether the server on the Unix socket answers the question; raises `OSError` when there is none."""
    async with asyncio.timeout(2):
        reader, writer = await asyncio.open_unix_connection(str(path))
        try:
            writer.write(question)
            return (await reader.read(len(answer))) == answer
        finally:
            writer.close()


async def ask_http(port: int, path: str, key: str | None = None) -> int:
    """Return the status of a GET on the local gateway; raises `OSError` when nobody is there."""
    authorization = f"Authorization: Bearer {key}\r\n" if key else ""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{authorization}Connection: close\r\n\r\n"
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(request.encode("ascii"))
            words = (await reader.readline()).split()
        finally:
            writer.close()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
