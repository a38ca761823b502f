"""One clamd server, spoken to over its Unix socket: one connection a command, every step with a time limit.

A file is handed over as an open descriptor (`zFILDES`), so that clamd needs no right to any path and
no byte is copied. clamd closes the connection after its reply; all it sent until then is the reply.
Source: clamd(8), "COMMANDS".
"""

import asyncio
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from scanning.errors import ScanError, ScannerUnavailable
from scanning.replies import EngineVersion, Reply, parse_reply, parse_version

#: Longer than any reply of clamd's; one byte more is an error.
MAX_REPLY_BYTES = 4096


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long clamd may take; all in seconds."""

    connect_seconds: float = 5.0
    #: For PING and VERSION, which clamd answers even while it scans.
    answer_seconds: float = 15.0
    #: For a scan: this much, and one second more for each `scan_bytes_per_second` of the file.
    scan_seconds: float = 180.0
    scan_bytes_per_second: float = 2_000_000.0

    def scan(self, size_bytes: int) -> float:
        """Return the seconds a scan of so many bytes may take; generous: a loaded clamd is slow, not dead."""
        return self.scan_seconds + size_bytes / self.scan_bytes_per_second


class Clamd:
    """A clamd server behind one socket.

    Every method raises `ScannerUnavailable` if clamd cannot be reached and `ScanError` if it was reached
    but did not answer in time, in whole and in known words.
    """

    def __init__(self, path: Path, limits: TimeLimits | None = None) -> None:
        self.path = path
        self._limits = limits or TimeLimits()

    async def ping(self) -> None:
        """Ask whether clamd lives."""
        reply = await self._ask(b"zPING\0", None, self._limits.answer_seconds)
        if reply != b"PONG\0":
            raise ScanError(f"clamd answered PING with {reply[:80]!r}")

    async def version(self) -> EngineVersion:
        """Ask for the engine and the age of its signatures."""
        return parse_version(await self._ask(b"zVERSION\0", None, self._limits.answer_seconds))

    async def reload(self) -> None:
        """Have the signatures read anew; it goes on scanning with the old ones until it has."""
        reply = await self._ask(b"zRELOAD\0", None, self._limits.answer_seconds)
        if reply != b"RELOADING\0":
            raise ScanError(f"clamd answered RELOAD with {reply[:80]!r}")

    async def scan(self, descriptor: int) -> Reply:
        """Have the regular file behind `descriptor` scanned whole, from its first byte."""
        size_bytes = os.fstat(descriptor).st_size
        return parse_reply(await self._ask(b"zFILDES\0", descriptor, self._limits.scan(size_bytes)))

    async def _ask(self, command: bytes, descriptor: int | None, seconds: float) -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.setblocking(False)
            await self._connect(connection)
            try:
                async with asyncio.timeout(seconds):
                    await _send(connection, command, descriptor)
                    return await _receive(connection)
            except TimeoutError as error:
                raise ScanError(f"clamd did not answer {command!r} within {seconds:.0f} s") from error
            except OSError as error:
                raise ScanError(f"clamd broke off: {error}") from error

    async def _connect(self, connection: socket.socket) -> None:
        try:
            async with asyncio.timeout(self._limits.connect_seconds):
                await asyncio.get_running_loop().sock_connect(connection, str(self.path))
            # A full backlog looks like a connection until somebody asks who is at its other end.
            connection.getpeername()
        except (TimeoutError, OSError) as error:
            raise ScannerUnavailable(f"clamd cannot be reached: {error or 'no answer'}") from error


async def _send(connection: socket.socket, command: bytes, descriptor: int | None) -> None:
    await asyncio.get_running_loop().sock_sendall(connection, command)
    if descriptor is not None:
        # One byte into an empty socket: never blocks, and if it did, that is an OSError.
        socket.send_fds(connection, [b"\0"], [descriptor])


async def _receive(connection: socket.socket) -> bytes:
    """Read until clamd closes the connection: a reply is judged only when nothing can follow it."""
    loop = asyncio.get_running_loop()
    reply = b""
    while piece := await loop.sock_recv(connection, MAX_REPLY_BYTES):
        reply += piece
        if len(reply) > MAX_REPLY_BYTES:
            raise ScanError(f"clamd sent more than {MAX_REPLY_BYTES} bytes")
    return reply
