"""Listen, serve, and stop in order."""

import asyncio
import contextlib
import signal
from concurrent.futures import ThreadPoolExecutor

import structlog
from aiohttp import web

from config.settings import Settings
from gateway.app import create_app

#: Bytes one connection may have waiting; aiohttp may hold twice this much.
READ_BUFFER_BYTES = 256 * 1024

#: Longest header line: names in `Upload-Metadata` may be long, and are answered rather than cut off.
_LONGEST_HEADER_BYTES = 32 * 1024

#: Threads for disk work: a hung disk or a long join must not keep HEAD waiting.
DISK_THREADS = 48

#: What requests get to finish after SIGTERM, in seconds.
_DRAIN_SECONDS = 5.0

_log = structlog.get_logger()


async def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(DISK_THREADS, "disk"))
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    runner = web.AppRunner(
        create_app(settings),
        access_log=None,
        shutdown_timeout=_DRAIN_SECONDS,
        read_bufsize=READ_BUFFER_BYTES,
        max_field_size=_LONGEST_HEADER_BYTES,
        keepalive_timeout=75,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.host, settings.port)
        await site.start()
        _log.info("serving", addresses=[str(address) for address in runner.addresses])
        await stop.wait()
    except OSError as error:
        _log.error("cannot_listen", host=settings.host, port=settings.port, error=str(error))
        return 1
    finally:
        with contextlib.suppress(asyncio.TimeoutError):
            await runner.cleanup()
    return 0
