"""Run stages as the workers would, the previews' on bytes said to be of a type."""

from config.formats import load_formats
from storage.evidence import Evidence
from storage.states import StageName
from tests.workers.tasks.conftest import Workplace
from tests.workers.values import CLEAN, SEALED, run_of
from workers.decisions import Content, scanned, verified
from workers.tasks.edge import run_stage
from workers.tasks.scan import scan
from workers.tasks.thumbnail import thumbnail
from workers.tasks.verify import verify


async def run_thumbnail(place: Workplace, data: bytes, name: str) -> Evidence:
    """Make the previews of bytes that were verified to be of the named type."""
    row = load_formats().types[name]
    content = Content(row.name, row.media_type, row.kind)
    evidence = await place.receive(data)
    for decide in (
        lambda now: scanned(now, run_of(now, StageName.SCAN), CLEAN),
        lambda now: verified(now, run_of(now, StageName.VERIFY), content, SEALED),
    ):
        assert await place.context.evidence.change(evidence.id, decide)
    await run_stage(place.context, evidence.id, StageName.THUMBNAIL, 1, thumbnail)
    return await place.look(evidence)


async def prove(place: Workplace, data: bytes, extension: str | None) -> Evidence:
    """Run both stages as the workers would, the second only when the first let the evidence on."""
    return await finish(place, await place.receive(data, extension))


async def finish(place: Workplace, evidence: Evidence) -> Evidence:
    await run_stage(place.context, evidence.id, StageName.SCAN, 1, scan)
    await run_stage(place.context, evidence.id, StageName.VERIFY, 1, verify)
    return await place.look(evidence)
