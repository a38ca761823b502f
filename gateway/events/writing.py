"""Writing to one client: with a time limit, a heartbeat, and a look at its key."""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import aclosing, suppress
from datetime import datetime

from aiohttp import web

from gateway.auth import authenticate
from gateway.events.feed import Feed
from gateway.events.following import Following
from gateway.events.mailbox import Mailbox, Shown
from gateway.events.reader import Reader
from gateway.events.wording import CONTENT_TYPE, HEARTBEAT, format_event, format_opening
from gateway.keys import PRINCIPAL, SERVICES
from gateway.problems import Problem
from storage.errors import StorageError

HEARTBEAT_SECONDS = 15.0

#: Bytes the kernel keeps for a client that does not read; left to itself it would keep megabytes.
_SEND_BUFFER_BYTES = 64 * 1024

#: A proxy must neither keep nor collect what is sent (the second is nginx's).
HEADERS = {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Writer:
    """The answer to one client that follows something."""

    def __init__(self, request: web.Request, following: Following) -> None:
        self._request = request
        self._following = following
        self._limit_seconds = request.app[SERVICES].settings.silent_connection_seconds
        self._response = web.StreamResponse(headers=HEADERS)
        # One connection, one stream: nothing of it is left when the server stops.
        self._response.force_close()
        self._beat_at = asyncio.get_running_loop().time() + HEARTBEAT_SECONDS

    async def run(self, feed: Feed) -> web.StreamResponse:
        """Send what the client does not know and then what is new, until either side ends it.

        Raises `Problem`, `StorageError` before the first byte; whatever happens afterwards ends the stream,
        and the client connects again.
        """
        principal = self._request[PRINCIPAL]
        mailbox = Mailbox(lambda: self._request.transport is None)
        async with feed.follow(self._following.scope, principal.centre_id or principal.id, mailbox) as reader:
            await self._response.prepare(self._request)
            with suppress(StorageError, Problem, ConnectionError):
                self._limit_buffer()
                await self._write(format_opening(self._following.opening_id()))
                if await self._send_past(mailbox, reader):
                    await self._send_news(mailbox, reader)
        return self._response

    async def _send_past(self, mailbox: Mailbox, reader: Reader) -> bool:
        """Send what the client missed; return whether anything can follow."""
        async with aclosing(self._following.past()) as pages:
            async for page in pages:
                if not await self._send(mailbox.pass_by(page), reader.complete_until):
                    return False
                await self._beat()
        return True

    async def _send_news(self, mailbox: Mailbox, reader: Reader) -> None:
        goes_on = True
        while goes_on and not mailbox.closed:
            await mailbox.wait(self._beat_at)
            goes_on = await self._send(mailbox.take(), reader.complete_until)
            if progress := mailbox.take_progress():
                await self._write(b"".join(format_event("progress", data) for data in progress))
            await self._beat()

    async def _send(self, news: Sequence[Shown], complete_until: datetime) -> bool:
        """Send events; return whether anything can follow them."""
        name = self._following.event_id
        events = [format_event("evidence", shown.data, name(shown, complete_until)) for shown in news]
        if events:
            await self._write(b"".join(events))
        return not any(map(self._following.is_last, news))

    async def _beat(self) -> None:
        """Now and then, look whether the key is still good, and keep the connection alive.

        Raises `Problem` for a key that is no longer what it was.
        """
        now = asyncio.get_running_loop().time()
        if now < self._beat_at:
            return
        self._beat_at = now + HEARTBEAT_SECONDS
        if await authenticate(self._request) != self._request[PRINCIPAL]:
            raise Problem("unauthorized")
        await self._write(HEARTBEAT)

    async def _write(self, data: bytes) -> None:
        """Write; cut off a client that takes nothing for too long. Raises `ConnectionError`."""
        try:
            async with asyncio.timeout(self._limit_seconds):
                await self._response.write(data)
        except TimeoutError as error:
            if self._request.transport:
                self._request.transport.abort()
            raise ConnectionResetError("the client does not read") from error

    def _limit_buffer(self) -> None:
        if self._request.transport:
            connection = self._request.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
