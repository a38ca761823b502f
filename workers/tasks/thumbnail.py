"""Thumbnail: upright pictures of what the evidence looks like, by the type of its content."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from config.formats import load_formats
from config.profiles import load_profiles
from storage.evidence import Evidence, original_key
from storage.states import StageName
from transcode.made import Made
from transcode.metafile import draw_metafile
from transcode.poster import make_poster
from transcode.probe import probe
from transcode.scratch import open_folder
from transcode.undrawn import Undrawable
from workers.context import Context
from workers.tasks.documents import DOCUMENT_MAKERS, scanned_pages
from workers.tasks.finding import Finding
from workers.tasks.making import Maker, describe_made
from workers.tasks.publication import publish
from workers.tasks.replies import Moving, Picture, Pictures
from workers.tasks.zooming import make_zoom

#: Most that one picture or page may take, in seconds.
_PICTURE_SECONDS = 60.0

_PICTURES = "transcode.image:render"


async def thumbnail(context: Context, evidence: Evidence) -> Finding:
    """Make the pictures. Raises `SourceDamaged`, `SourceRefused`, `ToolError`, `StorageError`."""
    maker = MAKERS.get(evidence.format or "") or MAKERS_BY_KIND.get(evidence.facts.get("kind", ""))
    if maker is None:
        return await publish(context, evidence, StageName.THUMBNAIL, [], {})
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(
            context.blobs.open_local(original_key(evidence.id), evidence.sha256)
        )
        made, facts = await maker(context, source, stack)
        return await publish(context, evidence, StageName.THUMBNAIL, made, facts)


async def _pictures(
    context: Context, source: Path, stack: AsyncExitStack
) -> tuple[list[Made], dict[str, Any]]:
    """Make thumbnail and picture in review size, which moves where the original does; if large, its tiles."""
    arguments = picture_arguments()
    child = await stack.enter_async_context(
        context.children.call(_PICTURES, arguments, input=source, timeout_seconds=_PICTURE_SECONDS)
    )
    reply = Pictures.model_validate(child.value)
    found: dict[str, Picture | Moving] = dict(reply.pictures.items())
    if reply.moving:
        found["image"] = reply.moving
    command = (_PICTURES, repr(arguments))
    made = [describe_made(kind, child, picture, command, reply.tools) for kind, picture in found.items()]
    size = {"width": reply.width, "height": reply.height} if made else {}
    pyramid, more = await make_zoom(context, source, stack, reply)
    return [*made, *pyramid], {**size, **reply.facts, **more}


def picture_arguments() -> dict[str, Any]:
    """Return what `transcode.image:render` is told, by the tables of formats and profiles."""
    pictures = load_profiles().pictures
    limits = [row.reduce_to_bytes for row in load_formats().extensions.values() if "image" in row.groups]
    return {
        "sizes": {"thumbnail": pictures.thumbnail_edge, "image": pictures.review_edge},
        "max_pixels": pictures.max_pixels,
        "max_bytes": min(limits),
        "jpeg_quality": pictures.jpeg_quality,
    }


async def _tiff(context: Context, source: Path, stack: AsyncExitStack) -> tuple[list[Made], dict[str, Any]]:
    """Make the pictures of the first page, and of a scan of several a reading copy."""
    made, facts = await _pictures(context, source, stack)
    if not made or facts.get("pages", 1) == 1:
        return made, facts
    copies, found = await scanned_pages(context, source, stack)
    return [*made, *copies], {**facts, **found}


async def _metafile(
    context: Context, source: Path, stack: AsyncExitStack
) -> tuple[list[Made], dict[str, Any]]:
    """Draw a metafile as large as the largest picture, which has no size in pixels of its own."""
    folder = await stack.enter_async_context(open_folder(context.settings.scratch))
    try:
        drawn = await draw_metafile(source, folder, load_profiles().pictures.review_edge)
    except Undrawable as unknown:
        return [], unknown.facts()
    made, _ = await _pictures(context, drawn, stack)
    return made, {}


async def _poster(context: Context, source: Path, stack: AsyncExitStack) -> tuple[list[Made], dict[str, Any]]:
    """Take a frame that stands for the film; a recording without a picture has none."""
    folder = await stack.enter_async_context(open_folder(context.settings.scratch))
    found = await probe(source)
    if found.video is None:
        return [], {}
    return [await make_poster(source, folder, found, load_profiles().pictures)], {}


#: Who makes the pictures, by type of the content; else by its kind; else there are none.
MAKERS: dict[str, Maker] = {
    "jpeg": _pictures,
    "png": _pictures,
    "tiff": _tiff,
    "gif": _pictures,
    "heic": _pictures,
    "bmp": _pictures,
    "pcx": _pictures,
    "psd": _pictures,
    "wmf": _metafile,
    **DOCUMENT_MAKERS,
}
MAKERS_BY_KIND: dict[str, Maker] = {"video": _poster}
