"""The `Content-Encoding` header: what is stored are the file's own bytes, so nothing is decoded here."""

from aiohttp import hdrs, web

from gateway.problems import Problem

#: Characters of a foreign value that an answer repeats.
_SHOWN = 40


def require_plain(request: web.Request) -> None:
    """Raise `Problem` (415) for a body that says it is encoded."""
    for encoding in request.headers.getall(hdrs.CONTENT_ENCODING, ()):
        if encoding.strip().lower() not in {"", "identity"}:
            raise Problem("content_encoding", {"encoding": encoding[:_SHOWN]})
