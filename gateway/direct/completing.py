"""How the parts that a client has sent become its evidence's original."""

from collections.abc import Mapping, Sequence

from gateway.problems import Problem
from gateway.services import Services
from gateway.uploads.completion import complete, durable_offset
from gateway.uploads.lengths import beyond, limit_bytes, settle_length
from gateway.uploads.lookup import require_present
from storage.errors import NotFound
from storage.upload import Upload, UploadState
from storage.uploads.direct import DirectUploads, SentPart

#: "Part size: 5 MiB to 5 GiB; there is no minimum size limit on the last part" (Amazon S3 User Guide).
_LEAST_PART_BYTES = 5 << 20


async def complete_direct(
    services: Services, direct: DirectUploads, upload: Upload, named: Mapping[int, str], actor: str
) -> None:
    """Make the named parts, by number and entity tag, the original, as `complete` does.

    Raises `NotFound` for an upload whose parts are not sent to the store, `Problem` (400, 413), and what
    `complete` raises.
    """
    try:
        held = await _adopt(services, direct, upload, named, actor)
    except NotFound:
        # Its parts may be its bytes already: another completion is at it, or was interrupted.
        held = require_present(await services.uploads.load(upload.id, None))
        if held.length_bytes is None or await durable_offset(services, held) != held.length_bytes:
            raise
    if held.state is UploadState.OPEN:
        await complete(services, held, actor)


async def _adopt(
    services: Services, direct: DirectUploads, upload: Upload, named: Mapping[int, str], actor: str
) -> Upload:
    """Let the parts be the upload's bytes, and return it with its length."""
    found = await direct.parts(upload.ref)
    _require_parts(found, named)
    size = _size_of(upload, found)
    held = await settle_length(services, actor, upload, size, size)
    await direct.adopt(upload.ref, found)
    return held


def _require_parts(found: Sequence[SentPart], named: Mapping[int, str]) -> None:
    """Raise `Problem` (400) unless exactly the named parts are in the store, and all can be put together."""
    is_named = {part.number: part.etag for part in found} == {
        number: etag.strip('"') for number, etag in named.items()
    }
    if not is_named or any(part.size_bytes < _LEAST_PART_BYTES for part in found[:-1]):
        raise Problem("parts_differ")


def _size_of(upload: Upload, found: Sequence[SentPart]) -> int:
    """Return how many bytes there are. Raises `Problem`: 413 for too many, 400 for too few."""
    size = sum(part.size_bytes for part in found)
    if size > limit_bytes(upload):
        raise beyond(upload, size)
    if upload.length_bytes not in {None, size}:
        raise Problem("parts_differ")
    return size
