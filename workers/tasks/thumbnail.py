"""Thumbnail: upright pictures of what the evidence looks like, by the type of its content."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from config.profiles import load_profiles
from storage.evidence import Evidence, original_key
from storage.states import StageName
from transcode.children import ChildResult
from transcode.made import Made
from transcode.poster import make_poster
from transcode.probe import probe
from transcode.scratch import open_folder
from workers.context import Context
from workers.tasks.finding import Finding
from workers.tasks.publication import publish
from workers.tasks.replies import Page, Picture, Pictures

#: Most that one picture or page may take, in seconds.
_PICTURE_SECONDS = 60.0

_PICTURES = "transcode.image:render"
_PAGE = "transcode.document:render"

#: Makes the pictures of one original; what it opens stays open until they are published.
_Maker = Callable[[Context, Path, AsyncExitStack], Awaitable[tuple[list[Made], dict[str, Any]]]]


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
    """Make the thumbnail and the picture in review size."""
    pictures = load_profiles().pictures
    arguments = {
        "sizes": {"thumbnail": pictures.thumbnail_edge, "image": pictures.review_edge},
        "max_pixels": pictures.max_pixels,
        "jpeg_quality": pictures.jpeg_quality,
    }
    child = await stack.enter_async_context(
        context.children.call(_PICTURES, arguments, input=source, timeout_seconds=_PICTURE_SECONDS)
    )
    reply = Pictures.model_validate(child.value)
    command = (_PICTURES, repr(arguments))
    made = [_made(kind, child, picture, command, reply.tools) for kind, picture in reply.pictures.items()]
    return made, {"width": reply.width, "height": reply.height}


async def _page(context: Context, source: Path, stack: AsyncExitStack) -> tuple[list[Made], dict[str, Any]]:
    """Draw the first page and count the pages."""
    pictures = load_profiles().pictures
    arguments = {"edge": pictures.poster_edge, "jpeg_quality": pictures.jpeg_quality}
    child = await stack.enter_async_context(
        context.children.call(_PAGE, arguments, input=source, timeout_seconds=_PICTURE_SECONDS)
    )
    reply = Page.model_validate(child.value)
    page = _made("thumbnail", child, reply, (_PAGE, repr(arguments)), reply.tools)
    return [page], {"pages": reply.pages}


async def _poster(context: Context, source: Path, stack: AsyncExitStack) -> tuple[list[Made], dict[str, Any]]:
    """Take a frame that stands for the film; a recording without a picture has none."""
    folder = await stack.enter_async_context(open_folder(context.settings.scratch))
    found = await probe(source)
    if found.video is None:
        return [], {}
    return [await make_poster(source, folder, found, load_profiles().pictures)], {}


def _made(
    kind: str, child: ChildResult, picture: Picture, command: tuple[str, ...], tools: dict[str, str]
) -> Made:
    path = child.file(picture.file)
    return Made(
        path=path,
        kind=kind,
        media_type=picture.media_type,
        size_bytes=path.stat().st_size,
        command=command,
        tools=tools,
        width=picture.width,
        height=picture.height,
    )


#: Who makes the pictures, by type of the content; else by its kind; else there are none.
MAKERS: dict[str, _Maker] = {
    "jpeg": _pictures,
    "png": _pictures,
    "tiff": _pictures,
    "gif": _pictures,
    "heic": _pictures,
    "pdf": _page,
}
MAKERS_BY_KIND: dict[str, _Maker] = {"video": _poster}
