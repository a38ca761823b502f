"""May this upload begin? Everything that can be refused before a byte is read is refused here."""

from config.formats import Extension, extension_of, load_formats
from gateway.problems import Problem
from gateway.services import Services
from storage.records.principals import Principal

_FREE_FRACTION = 0.05
_FREE_BYTES = 2 << 30


def promised_extension(filename: str | None, length_bytes: int) -> Extension | None:
    """Return the accepted extension a name promises, `None` when content alone decides.

    Raises `Problem`: 415 for an extension outside the table, 413 for more than can be accepted for it.
    """
    formats = load_formats()
    name = extension_of(filename)
    row = formats.extensions.get(name) if name else None
    if name and row is None:
        raise Problem("extension_not_accepted", {"extension": name, "accepted": formats.names})
    limit = row.accept_bytes if row else formats.largest_bytes
    if length_bytes > limit:
        kind = f".{row.name} files" if row else "a file"
        raise Problem(
            "file_too_large", {"size": in_words(length_bytes), "limit": in_words(limit), "kind": kind}
        )
    return row


async def admit(services: Services, principal: Principal, length_bytes: int) -> None:
    """Raise `Problem` when there is no room (507) or the centre has too many unfinished uploads (429)."""
    limit = services.settings.open_uploads_per_centre
    if await services.uploads.open_count(principal.centre_id or "") >= limit:
        raise Problem("too_many_uploads", {"limit": str(limit)}, headers={"Retry-After": "60"})
    room = await services.blobs.room()
    chosen = services.settings.free_disk_reserve_bytes
    if room and length_bytes > room.free_bytes - reserve_bytes(chosen, room.total_bytes):
        raise Problem("storage_full", headers={"Retry-After": "600"})


def reserve_bytes(chosen: int | None, total_bytes: int) -> int:
    """Return what must stay free: the setting, or without one the smaller of 5 % and 2 GiB."""
    return min(int(total_bytes * _FREE_FRACTION), _FREE_BYTES) if chosen is None else chosen


def in_words(size_bytes: int) -> str:
    """Format a size as people say it: `15 MB`, `5.4 GB` (decimal units)."""
    size, unit = float(size_bytes), "bytes"
    for larger in ("KB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.3g} {unit}" if unit != "bytes" else f"{size_bytes} bytes"
