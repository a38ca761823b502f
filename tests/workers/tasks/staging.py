"""Run a stage on bytes that the stages before it found to be of a type."""

from config.formats import load_formats
from storage.evidence import Evidence
from storage.states import StageName
from tests.workers.tasks.conftest import Workplace
from tests.workers.values import CLEAN, SEALED, run_of
from workers.decisions import Content, scanned, verified
from workers.tasks.edge import run_stage
from workers.tasks.thumbnail import thumbnail


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
