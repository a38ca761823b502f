"""The HTTP server around the application: its limits, and how it stops without losing a byte.

How long a client may be silent is one setting for three cases. A request whose headers do not come is cut by
aiohttp's keep-alive clock: it starts with the connection and with every answer, and only a complete request
head stops it. A body that does not come is ended by `gateway.uploads.receiving`. An idle connection is cut
too.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from aiohttp import web
from aiohttp.web_request import BaseRequest

from config.settings import Settings
from gateway.doorway import Doorway, Reading
from gateway.keys import FEED, HOLDERS
from gateway.problems import SERVER, Problem, problem_response

#: Bytes one connection may have waiting; aiohttp may hold twice this much. Measured: 200 fast senders cost
#: 0.7 MB each with 256 KiB and 0.1 MB with 32 KiB, which costs one upload alone 0.06 CPU seconds a GB more.
READ_BUFFER_BYTES = 32 * 1024

#: Longest header line: names in `Upload-Metadata` may be long, and are answered rather than cut off.
_LONGEST_HEADER_BYTES = 32 * 1024

#: What other requests get to finish when the server stops, in seconds, once senders were told.
_DRAIN_SECONDS = 2.0

#: How long the rest of a refused body is read and dropped, so that its sender can read the answer.
_LINGER_SECONDS = 1.0

_MALFORMED = "This is no well-formed HTTP/1.1 request, or a line of it is too long."

_log = structlog.get_logger()


class _Connection(web.RequestHandler):
    """A connection that answers as we do even to what never becomes a request."""

    __slots__ = ()

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - repeats what was sent: keys must not reach a log
    ) -> web.StreamResponse:
        """Answer a request that could not be parsed, or an error that no middleware saw; then close."""
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun already")
        request_id = uuid.uuid4().hex
        _log.warning("connection_failed", request_id=request_id, status=status, error=type(exc).__name__)
        detail = {"request_id": request_id, "problem": _MALFORMED}
        response = problem_response(Problem("bad_request" if status < 500 else "internal_error", detail))
        response.headers["X-Request-Id"] = request_id
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Server"] = SERVER
        response.force_close()
        return response


@asynccontextmanager
async def listening(
    app: web.Application, settings: Settings, *, shared: bool = False
) -> AsyncIterator[tuple[tuple[Any, ...], ...]]:
    """Serve the application until the context closes; give the addresses.

    `shared`: other processes of ours listen on the same port.
    Raises `OSError` for a port that is taken.
    """
    runner = web.AppRunner(app, shutdown_timeout=_DRAIN_SECONDS)
    await runner.setup()
    try:
        loop, reading = asyncio.get_running_loop(), Reading()
        listener = await loop.create_server(
            lambda: Doorway(_connection(runner, settings, loop), reading),
            settings.host,
            settings.port,
            reuse_port=shared,
        )
        try:
            yield tuple(socket.getsockname() for socket in listener.sockets)
        finally:
            await _stop_receiving(app, listener)
    finally:
        with suppress(TimeoutError):
            await runner.cleanup()


def _connection(
    runner: web.AppRunner, settings: Settings, loop: asyncio.AbstractEventLoop
) -> web.RequestHandler:
    if runner.server is None:
        raise ConnectionError("the server is stopping")
    return _Connection(
        runner.server,
        loop=loop,
        access_log=None,  # type: ignore[arg-type] # aiohttp's own way to say: none
        read_bufsize=READ_BUFFER_BYTES,
        max_field_size=_LONGEST_HEADER_BYTES,
        keepalive_timeout=settings.silent_connection_seconds,
        lingering_time=_LINGER_SECONDS,
        # A body's bytes are the file's own: what is decoded on the way is not what was sent.
        auto_decompress=False,
    )


async def _stop_receiving(app: web.Application, listener: asyncio.Server) -> None:
    """End every stream and upload in order: aiohttp itself would drop what arrives while it waits."""
    holders = app[HOLDERS]
    holders.stopping = True
    app[FEED].close()
    listener.close()
    if await holders.drain():
        await asyncio.sleep(_LINGER_SECONDS)
