"""Serve a blob: ranges, entity tags, and headers that keep a browser from running it."""

from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import web

from gateway.http_range import Span, Unsatisfiable, is_unchanged, parse_range, range_applies
from gateway.problems import Problem
from storage.blobs import BlobStore, Shown
from storage.blobs.members import Members


@dataclass(frozen=True, slots=True)
class Download:
    """What is served: a blob or a member of one, with its hash, its type and the name it is saved under."""

    key: str
    #: Hex; of a member, one that changes with the whole's.
    sha256: str
    media_type: str
    filename: str
    #: Renditions are shown in the page; originals are only ever saved.
    inline: bool

    @property
    def disposition(self) -> str:
        """Whether it is shown or saved, and under which name (RFC 6266)."""
        kind = "inline" if self.inline else "attachment"
        return f"{kind}; filename*=UTF-8''{quote(self.filename, safe='')}"

    @property
    def etag(self) -> str:
        """Strong entity tag: that hash."""
        return f'"{self.sha256}"'


async def serve(request: web.Request, blobs: BlobStore, download: Download) -> web.StreamResponse:
    """Answer GET or HEAD with the blob or the range asked for (RFC 9110).

    Raises `NotFound`, `Problem` (416).
    """
    size = (await blobs.stat(download.key)).size_bytes
    headers = {**_headers(download), "Accept-Ranges": "bytes"}
    if is_unchanged(joined(request, "If-None-Match"), download.etag):
        return web.Response(status=304, headers=headers)
    span = _span(request, download, size)
    response = web.StreamResponse(status=206 if span else 200, headers=headers)
    response.content_length = span.length if span else size
    if span:
        response.headers["Content-Range"] = f"bytes {span.first}-{span.last}/{size}"
    await response.prepare(request)
    if request.method == "GET" and response.content_length:
        whole = span or Span(0, size - 1)
        async for piece in blobs.read(download.key, whole.first, whole.last):
            await response.write(piece)
    await response.write_eof()
    return response


async def serve_member(request: web.Request, members: Members, download: Download, name: str) -> web.Response:
    """Answer GET or HEAD with one member of the blob, which is small; ranges of it are not served.

    Raises `NotFound`, `Damaged`.
    """
    member = await members.find(download.key, name)
    if is_unchanged(joined(request, "If-None-Match"), download.etag):
        return web.Response(status=304, headers=_headers(download))
    return web.Response(body=await members.read(download.key, member), headers=_headers(download))


async def redirected(
    request: web.Request, blobs: BlobStore, download: Download, seconds: int
) -> web.Response | None:
    """Return the answer that sends the client to the store for the bytes; `None`: `serve` them.

    A signed address is good for GET alone, and for whoever has it: the answer must be kept nowhere.
    """
    if request.method != "GET" or is_unchanged(joined(request, "If-None-Match"), download.etag):
        return None
    url = await blobs.link(download.key, Shown(download.media_type, download.disposition), seconds)
    if url is None:
        return None
    headers = {"Location": url, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return web.Response(status=307, headers=headers)


def _span(request: web.Request, download: Download, size: int) -> Span | None:
    if not range_applies(request.headers.get("If-Range"), download.etag):
        return None
    try:
        return parse_range(request.headers.get("Range"), size)
    except Unsatisfiable as error:
        headers = {"Content-Range": f"bytes */{size}"}
        raise Problem("range_not_satisfiable", {"size": str(size)}, headers=headers) from error


def joined(request: web.Request, name: str) -> str | None:
    """Return a list header's lines as one (RFC 9110, section 5.3)."""
    lines = request.headers.getall(name, [])
    return ", ".join(lines) if lines else None


def _headers(download: Download) -> dict[str, str]:
    """Headers that every answer about it has; nothing served here may run as a page."""
    return {
        "Content-Type": download.media_type,
        "Content-Disposition": download.disposition,
        "Content-Security-Policy": "sandbox; default-src 'none'; media-src 'self'; img-src 'self'",
        "Cache-Control": "private, no-cache",
        "ETag": download.etag,
    }
