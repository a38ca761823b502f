"""A portal: one page with its script and its files, on an origin of its own, that tells how it went."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.clients.bundling import bundle

_PAGE = "<!doctype html><meta charset=utf-8><title>Portal</title><script src=/script.js></script>"


class Site:
    """What the page is asked to do, and what it said in the end."""

    def __init__(self, script: str, task: Mapping[str, Any]) -> None:
        self._script = script
        self._task = task
        self._outcome: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()

    async def outcome(self, seconds: float = 100) -> Mapping[str, Any]:
        """Return what the page reports. Raises `TimeoutError`."""
        return await asyncio.wait_for(self._outcome, seconds)

    async def page(self, _: web.Request) -> web.Response:
        return web.Response(text=_PAGE, content_type="text/html")

    async def script(self, _: web.Request) -> web.Response:
        return web.Response(text=self._script, content_type="text/javascript")

    async def task(self, _: web.Request) -> web.Response:
        return web.json_response(self._task)

    async def report(self, request: web.Request) -> web.Response:
        outcome = await request.json()
        if not self._outcome.done():
            self._outcome.set_result(outcome)
        return web.Response(status=204)


@asynccontextmanager
async def site(page: str, folder: Path, port: int, task: Mapping[str, Any]) -> AsyncIterator[Site]:
    """Serve the page of that name, with the files of the folder, on a port of this machine."""
    portal = Site(await asyncio.to_thread(bundle, page), task)
    app = web.Application()
    app.add_routes(
        [
            web.get("/", portal.page),
            web.get("/script.js", portal.script),
            web.get("/task", portal.task),
            web.post("/outcome", portal.report),
            web.static("/files", folder),
        ]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield portal
    finally:
        await runner.cleanup()
