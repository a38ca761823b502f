"""What is looked at while a body arrives: its size, its pace, the room on the disk, the upload's expiry."""

from collections.abc import Awaitable, Callable

from aiohttp import StreamReader

from gateway.measuring import BYTES
from gateway.services import Services
from gateway.uploads.expiry import Expiry
from gateway.uploads.pace import Pace
from storage.upload import Upload
from storage.uploads import UploadWriter


def watching(
    services: Services, upload: Upload, body: StreamReader, writer: UploadWriter
) -> Callable[[], Awaitable[None]]:
    """Return what is to be called after every piece; it also counts the bytes.

    That raises `TooSlow`, and `Problem`: 507 at the disk's reserve, 410 for an upload that is too old.
    """
    settings = services.settings
    pace = Pace(body, settings.minimum_rate_bytes_per_second, settings.silent_connection_seconds)
    expiry = Expiry(services.uploads, upload, settings)

    stored = writer.offset

    async def arrived() -> None:
        nonlocal stored
        services.queue.counters.add(BYTES, amount=writer.offset - stored)
        stored = writer.offset
        pace.check()
        await services.space.check()
        await expiry.move()

    return arrived
