"""104 (Upload Resumption Supported): told while the request's body is still on its way."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from aiohttp import HttpVersion11, web

from gateway.ietf.dialects import Dialect
from gateway.ietf.protocol import INTEROP_VERSION
from gateway.keys import SERVICES
from storage.errors import StorageError
from storage.upload import Upload
from storage.uploads import UploadWriter

#: How often a sender is told how much of its body is durable.
_STEP_SECONDS = 2.0

#: Headers of requests that came through a proxy (RFC 9110, section 7.6.3; RFC 7239, and what was before it).
_PROXIED = ("Via", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto")


async def send_interim(request: web.Request, dialect: Dialect, headers: Mapping[str, str]) -> None:
    """Send 104 with these headers to a client that may be sent any.

    "Server implementations of draft versions of the protocol MUST NOT send a 104 [...] when the interop
    version indicated [...] is missing or mismatching", and "MUST also send a header field
    Upload-Draft-Interop-Version". Nothing is sent to a client that does not read what it was told before.
    """
    if not dialect.has_interim or not _is_passed_on(request):
        return
    echo = {} if dialect.interop is None else {INTEROP_VERSION: str(dialect.interop)}
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**echo, **headers}.items())
    await request.writer.write(f"HTTP/1.1 104 Upload Resumption Supported\r\n{lines}\r\n".encode())
    # The answer itself has not begun.
    request.writer.output_size = 0


def _is_passed_on(request: web.Request) -> bool:
    """Tell whether what is sent now would reach the client, before the answer.

    A proxy may take it for the answer itself, as nginx does. So one that makes itself known is sent none,
    unless the operator knows better.
    """
    if request.version != HttpVersion11 or request.transport is None:
        return False
    proxied = any(name in request.headers for name in _PROXIED)
    if proxied and not request.app[SERVICES].settings.proxy_passes_interim:
        return False
    return not request.transport.get_write_buffer_size()


class Progress:
    """Tells one sender, now and then, how far its upload is.

    "The Upload-Offset header field in responses serves as [...] a guarantee that no retransmission of it will
    be necessary": so what is told is durable, and counts in the record.
    """

    def __init__(self, request: web.Request, dialect: Dialect) -> None:
        self._request = request
        self._dialect = dialect
        self._clock = asyncio.get_running_loop().time
        self._due_at = self._clock() + _STEP_SECONDS

    async def tell(self, held: Upload, writer: UploadWriter) -> None:
        """Send 104 with the offset, if it is time to. Raises `StorageFull`."""
        if self._clock() < self._due_at:
            return
        self._due_at = self._clock() + _STEP_SECONDS
        offset = await writer.sync()
        with suppress(StorageError):  # a record that does not answer ends no sender
            latest = await self._request.app[SERVICES].uploads.load(held.id, None)
            if latest.epoch == held.epoch:
                await send_interim(self._request, self._dialect, {"Upload-Offset": str(offset)})
