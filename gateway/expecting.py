"""`Expect: 100-continue` (RFC 9110, section 10.1.1): a body is asked for only once nothing speaks against it.

aiohttp by itself asks before the key was looked at, so that a refused sender sends everything first.
"""

from typing import Any

from aiohttp import HttpVersion11, hdrs, web


async def ask_later(_: web.Request) -> None:
    """Let the handler decide whether the body is wanted; an expectation that is unknown is passed over."""


async def ask_for_body(request: web.Request) -> None:
    """Tell a client that waits for it to send the body."""
    if request.version == HttpVersion11 and request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        # The answer itself has not begun.
        request.writer.output_size = 0


#: What every route is given.
ASK_LATER: dict[str, Any] = {"expect_handler": ask_later}
