"""Serve until told to stop, in one process or several."""

import asyncio
import resource
import signal
from collections.abc import Coroutine
from typing import Any

import structlog
import uvloop

from config.settings import Settings
from gateway.app import create_app
from gateway.listening import listening
from gateway.processes import supervise
from gateway.shared_port import reserved_port
from storage.errors import StorageError

_log = structlog.get_logger()


def serve(settings: Settings, processes: int) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status.

    Of several processes each may get any request, also of an upload that began with another.
    """
    if processes == 1:
        return run(_serve_one(settings, number=0, shared=False))
    try:
        with reserved_port(settings.host, settings.port) as port:
            taken = settings.model_copy(update={"port": port})
            return supervise(processes, lambda number: run(_serve_one(taken, number=number, shared=True)))
    except OSError as error:
        return _cannot_listen(settings, error)


def run(main: Coroutine[Any, Any, int]) -> int:
    """Run a command to its end on an event loop of its own; return its exit status."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


async def _serve_one(settings: Settings, *, number: int, shared: bool) -> int:
    """Serve in this process; only the first one sweeps, and it is started again when it dies."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    _allow_connections()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    try:
        app = create_app(settings, sweeps=number == 0)
        async with listening(app, settings, shared=shared) as addresses:
            _log.info("serving", addresses=[str(address) for address in addresses])
            await stop.wait()
    except OSError as error:
        return _cannot_listen(settings, error)
    except StorageError as error:
        _log.error("cannot_start", error=str(error))
        return 1
    return 0


def _allow_connections() -> None:
    """Let this process have as many descriptors as it may: each body takes two; 1,024 is the usual limit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _cannot_listen(settings: Settings, error: OSError) -> int:
    _log.error("cannot_listen", host=settings.host, port=settings.port, error=str(error))
    return 1
