"""Transcode: a film or recording as a browser plays it, decoded whole and compared with its source."""

from config.formats import load_formats
from config.profiles import load_profiles
from storage.evidence import Evidence, original_key
from storage.states import StageName
from transcode import video
from transcode.interlacing import look
from transcode.plan import make_plan
from transcode.probe import probe
from transcode.scratch import open_folder
from workers.context import Context
from workers.tasks.finding import Finding
from workers.tasks.publication import publish
from workers.tasks.reporting import reporting

#: The profile of the copy that reviewers see.
PROFILE = "review-1080p"


async def transcode(context: Context, evidence: Evidence) -> Finding:
    """Make the reading copy. Raises `SourceDamaged`, `SourceRefused`, `ToolError`, `StorageError`."""
    profile = load_profiles().video[PROFILE]
    row = load_formats().extensions.get(evidence.extension or "")
    async with (
        context.blobs.open_local(original_key(evidence.id), evidence.sha256) as source,
        open_folder(context.settings.scratch) as folder,
        reporting(context, evidence.id, StageName.TRANSCODE) as tell,
    ):
        found = await look(source, await probe(source))
        plan = make_plan(
            found, profile, size_bytes=found.size_bytes, reduce_to_bytes=row.reduce_to_bytes if row else 0
        )
        made = await video.transcode(source, folder, found, plan, profile, tell)
        facts = {
            "duration_seconds": found.duration_seconds,
            "treatment": {"video": plan.video, "audio": plan.audio, "reasons": list(plan.reasons)},
        }
        return await publish(context, evidence, StageName.TRANSCODE, [made], facts)
