"""Transcode: a film or recording as a browser plays it, decoded whole and compared with its source."""

from functools import partial

from config.profiles import load_profiles
from storage.evidence import Evidence
from storage.states import StageName
from transcode import video
from transcode.aids import make_aids
from transcode.film import Film
from transcode.made import Made
from transcode.scratch import open_folder
from workers.context import Context
from workers.decisions import DECODER_NOISE, rendered
from workers.segmenting import segmented
from workers.tasks.cutting import cut_film
from workers.tasks.finding import Finding
from workers.tasks.opening import facts_of, open_film
from workers.tasks.publication import Rendered, publish
from workers.tasks.reporting import reporting


async def transcode(context: Context, evidence: Evidence) -> Finding:
    """Make the reading copy, or cut a long film into segments that are made into one.

    Raises `SourceDamaged`, `SourceRefused`, `ToolError`, `StorageError`.
    """
    profile = load_profiles().video[context.settings.video_profile]
    report = partial(context.queue.report, evidence.id, StageName.TRANSCODE)
    async with (
        open_film(context, evidence, profile) as film,
        open_folder(context.settings.scratch) as folder,
        reporting(report) as tell,
    ):
        if segments := await cut_film(context.settings, evidence, film):
            return Finding(lambda now, run: segmented(now, run, segments, profile.name))
        made = await video.transcode(film.source, folder, film.found, film.plan, profile, tell)
        return await publish_copy(context, evidence, film, made)


async def publish_copy(
    context: Context, evidence: Evidence, film: Film, made: Made, decide: Rendered = rendered
) -> Finding:
    """Store the reading copy and what helps to find one's way in it. Raises `ToolError`, `StorageError`."""
    aids, more = await make_aids(made, made.path.parent, load_profiles().pictures)
    noise = {DECODER_NOISE: made.complaint_lines} if made.complaint_lines else {}
    facts = {**facts_of(film), **more, **noise}
    return await publish(context, evidence, StageName.TRANSCODE, [made, *aids], facts, decide)
