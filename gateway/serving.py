"""Serve until told to stop."""

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor

import structlog

from config.settings import Settings
from gateway.app import create_app
from gateway.listening import listening

#: Threads for disk work: a hung disk or a long join must not keep HEAD waiting.
DISK_THREADS = 48

_log = structlog.get_logger()


async def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(DISK_THREADS, "disk"))
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    try:
        async with listening(create_app(settings), settings) as addresses:
            _log.info("serving", addresses=[str(address) for address in addresses])
            await stop.wait()
    except OSError as error:
        _log.error("cannot_listen", host=settings.host, port=settings.port, error=str(error))
        return 1
    return 0
