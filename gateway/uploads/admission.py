"""May this upload begin? Everything that can be refused before a byte is read is refused here."""

from aiohttp import web

from config.formats import Extension, extension_of, load_formats
from config.settings import Settings
from gateway.auth import require_centre
from gateway.keys import HOLDERS, PRINCIPAL, SERVICES
from gateway.problems import Problem
from storage.records.open_uploads import OpenUploads

#: When to ask again: a process that is full has room as soon as a few bodies end…
_SOON_SECONDS = 5
#: …and a full allowance once uploads end.
_LATER_SECONDS = 60


def promised_extension(filename: str | None, length_bytes: int) -> Extension | None:
    """Return the accepted extension a name promises, `None` when content alone decides.

    Raises `Problem`: 415 for an extension outside the table, 413 for more than can be accepted for it.
    """
    formats = load_formats()
    name = extension_of(filename)
    row = formats.extensions.get(name) if name else None
    if name and row is None:
        raise Problem("extension_not_accepted", {"extension": name, "accepted": formats.names})
    if length_bytes > accepted_bytes(row):
        raise too_large(row, length_bytes)
    return row


def accepted_bytes(row: Extension | None) -> int:
    """Return the most that can be accepted for an extension, or for content that alone decides."""
    return row.accept_bytes if row else load_formats().largest_bytes


def too_large(row: Extension | None, size_bytes: int) -> Problem:
    """Return the 413 for more than can be accepted."""
    kind = f".{row.name} files" if row else "a file"
    limit = accepted_bytes(row)
    return Problem("file_too_large", {"size": in_words(size_bytes), "limit": in_words(limit), "kind": kind})


async def admit(request: web.Request, length_bytes: int) -> None:
    """Raise `Problem` when no new upload of that length may begin now; those under way go on.

    503: this process stops, or receives as much as it can, or too much is open in all. 429: too much is open
    in this centre. 507: no room.
    """
    services, holders = request.app[SERVICES], request.app[HOLDERS]
    if holders.stopping or holders.receiving >= services.settings.receiving_requests:
        raise _busy(_SOON_SECONDS)
    counted = await services.uploads.open_uploads(require_centre(request[PRINCIPAL]))
    require_allowance(services.settings, length_bytes, counted)
    await services.space.require(length_bytes)


def require_allowance(settings: Settings, length_bytes: int, counted: OpenUploads) -> None:
    """Raise `Problem` (429, 503) when one more upload of that length goes beyond what may be open.

    The caps stop mistakes and malice; the disk is shared by what really arrives (`gateway.uploads.space`).
    Checked early, and again in the transaction that stores the upload, so that no race goes beyond them.
    """
    if counted.centre_uploads >= settings.open_uploads_per_centre:
        raise _too_much("too_many_uploads", str(settings.open_uploads_per_centre))
    if counted.uploads >= settings.open_uploads:
        raise _busy(_LATER_SECONDS)
    require_bytes(settings, length_bytes, counted)


def require_bytes(settings: Settings, length_bytes: int, counted: OpenUploads) -> None:
    """Raise `Problem` (429, 503) when so many more announced bytes go beyond what may be open.

    A length that comes later is checked when it comes, in the transaction that stores it.
    """
    if counted.centre_announced_bytes + length_bytes > settings.open_bytes_per_centre:
        raise _too_much("too_many_bytes", in_words(settings.open_bytes_per_centre))
    if counted.announced_bytes + length_bytes > settings.open_bytes:
        raise _busy(_LATER_SECONDS)


def _too_much(code: str, limit: str) -> Problem:
    return Problem(code, {"limit": limit}, headers={"Retry-After": str(_LATER_SECONDS)})


def _busy(seconds: int) -> Problem:
    return Problem("busy", headers={"Retry-After": str(seconds)})


def in_words(size_bytes: int) -> str:
    """Format a size as people say it: `15 MB`, `5.4 GB` (decimal units)."""
    size, unit = float(size_bytes), "bytes"
    for larger in ("KB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.3g} {unit}" if unit != "bytes" else f"{size_bytes} bytes"
