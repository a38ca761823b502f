"""A server that reads one command and answers with whatever bytes a test wants, then closes or hangs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path


@contextlib.asynccontextmanager
async def fake_clamd(
    path: Path, scan: bytes | None, *, version: bytes | None = b"ClamAV 1.4.6\0"
) -> AsyncIterator[list[bytes]]:
    """Listen on `path`; `None` means: never answer. Gives the commands that came."""
    commands: list[bytes] = []
    answers = {b"zVERSION\0": version, b"zFILDES\0": scan, b"zPING\0": b"PONG\0"}

    handlers: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.add(asyncio.current_task())
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            command = await reader.readuntil(b"\0")
            commands.append(command)
            if command == b"zFILDES\0":
                await reader.readexactly(1)
            answer = answers[command]
            if answer is None:
                await reader.read()
            else:
                writer.write(answer)
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_unix_server(serve, path)
    try:
        yield commands
    finally:
        server.close()
        await server.wait_closed()
        async with asyncio.timeout(5):
            await asyncio.gather(*(handler for handler in handlers if handler))
