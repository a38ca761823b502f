"""Between a connection and aiohttp: what is read at once comes from one buffer, less the more connections.

uvloop by itself reads up to 256,000 bytes of each connection before anybody can say that it is enough. Of two
hundred senders that was 0.5 MB each; so it is 0.2 MB, and a single sender costs what it did.
"""

import asyncio

from aiohttp import web

#: What all connections together may have read before aiohttp says that it is enough.
_BUDGET_BYTES = 16 << 20

#: Most and least of one connection at once.
_MOST_BYTES, _LEAST_BYTES = 256 << 10, 32 << 10


class Reading:
    """The buffer of a process: what is read into it is copied out before the next connection reads."""

    def __init__(self) -> None:
        self._place = memoryview(bytearray(_MOST_BYTES))
        self._open = 0

    def opened(self) -> None:
        """Count a connection."""
        self._open += 1

    def closed(self) -> None:
        """Count one less."""
        self._open -= 1

    def place(self) -> memoryview:
        """Return where the next bytes of a connection go."""
        share = _BUDGET_BYTES // max(1, self._open)
        return self._place[: min(_MOST_BYTES, max(_LEAST_BYTES, share))]

    def read(self, count: int) -> bytes:
        """Return what was read there."""
        return bytes(self._place[:count])


class Doorway(asyncio.BufferedProtocol):
    """One connection: everything is passed on to aiohttp's own protocol."""

    __slots__ = ("_handler", "_reading")

    def __init__(self, handler: web.RequestHandler, reading: Reading) -> None:
        self._handler = handler
        self._reading = reading

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Pass on that the connection is there."""
        self._reading.opened()
        self._handler.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass on that the connection is gone."""
        self._reading.closed()
        self._handler.connection_lost(exc)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - uvloop's own idea of a size
        """Give the place for what comes next."""
        return self._reading.place()

    def buffer_updated(self, nbytes: int) -> None:
        """Pass on what came."""
        self._handler.data_received(self._reading.read(nbytes))

    def eof_received(self) -> None:
        """Pass on that no more will come."""
        self._handler.eof_received()

    def pause_writing(self) -> None:
        """Pass on that the other side reads too slowly."""
        self._handler.pause_writing()

    def resume_writing(self) -> None:
        """Pass on that it reads again."""
        self._handler.resume_writing()
