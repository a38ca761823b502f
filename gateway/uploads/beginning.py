"""The begin of an upload: its record and its place are made, once."""

from functools import partial

from aiohttp import web

from gateway.keys import SERVICES
from gateway.problems import Problem
from gateway.uploads.admission import admit, require_allowance
from gateway.uploads.planning import is_same
from gateway.uploads.wholes import measured
from storage.evidence import Evidence
from storage.upload import Upload
from workers.counted import count_entered


async def begin(request: web.Request, planned: Upload, evidence: Evidence | None) -> tuple[Upload, bool]:
    """Store the upload and return it and `True`; or the one that the same request created before.

    A repetition needs no room, so it is recognised before admission. Raises `Problem`.
    """
    services = request.app[SERVICES]
    earlier = await services.uploads.created_before(planned.centre_id, planned.idempotency_key)
    if earlier:
        return _same(earlier, planned), False
    if evidence and planned.parts:
        planned, evidence = await measured(services, planned, evidence)
    try:
        upload, new = await _store(request, planned, evidence)
    except Problem:
        # Of two equal requests at once the first may have taken the last room: the second needs none.
        earlier = await services.uploads.created_before(planned.centre_id, planned.idempotency_key)
        if earlier is None:
            raise
        return _same(earlier, planned), False
    return _same(upload, planned), new


async def _store(request: web.Request, planned: Upload, evidence: Evidence | None) -> tuple[Upload, bool]:
    """Make the place and the record, if one more is admitted; without the record the place goes, too."""
    services, length = request.app[SERVICES], planned.length_bytes or 0
    await admit(request, length)
    await services.store.create(planned.ref)
    try:
        upload, new = await services.uploads.create(
            planned, evidence, partial(require_allowance, services.settings, length)
        )
    except Problem:  # after any other error the record may be there all the same
        await services.store.delete(planned.id)
        raise
    if not new:
        await services.store.delete(planned.id)
    elif evidence:
        count_entered(services.queue.counters, evidence)
        services.telling.tell(evidence)
    return upload, new


def _same(earlier: Upload, planned: Upload) -> Upload:
    """Return the earlier upload if it is what is planned now; raises `Problem` (422)."""
    if not is_same(earlier, planned):
        raise Problem("idempotency_key_reused")
    return earlier
