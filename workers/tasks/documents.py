"""Reading copies of documents, workbooks, databases, text and web pages: safe to open, whatever is inside.

What cannot be shown says why; that is never held against the evidence, whose bytes were proved before.
"""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from config.profiles import load_profiles
from transcode import office, plain
from transcode.children import ChildResult
from transcode.database import list_tables
from transcode.errors import ChildDied, SourceDamaged, SourceRefused, ToolFailed, ToolTimeout
from transcode.made import Made
from transcode.scratch import open_folder
from transcode.undrawn import NoPicture, Undrawable
from workers.context import Context
from workers.tasks.making import Maker, describe_made
from workers.tasks.replies import Pages, Preview, Words

#: Most that text and lists may take, and what pages may beside drawing, in seconds.
_SECONDS = 30.0

_PAGES = "transcode.document:render"
_SCAN = "transcode.scan:render"
_PREVIEW = "transcode.quicklook:render"
_SHEETS = "transcode.sheets:render"
_TEXT = "transcode.text:render"

#: What a maker returns.
_Found = tuple[list[Made], dict[str, Any]]


async def _shown(maker: Maker, context: Context, source: Path, stack: AsyncExitStack) -> _Found:
    """Run a maker; what is beyond it becomes a fact."""
    try:
        return await maker(context, source, stack)
    except Undrawable as unknown:
        return [], unknown.facts()
    except (ToolTimeout, ChildDied):
        return [], Undrawable(NoPicture.TOO_MUCH, "it takes too long or too much memory to show").facts()


async def _pages(context: Context, source: Path, stack: AsyncExitStack) -> _Found:
    """Draw the pages of a PDF."""
    return await _draw(context, source, stack, (), {})


async def scanned_pages(context: Context, source: Path, stack: AsyncExitStack) -> _Found:
    """Draw the pages of a TIFF."""
    profiles = load_profiles()
    arguments = {
        "page_edge": profiles.pictures.review_edge,
        "most_pages": profiles.documents.most_pages,
        "most_seconds": profiles.documents.most_seconds,
        "max_pixels": profiles.pictures.max_pixels,
        "jpeg_quality": profiles.pictures.jpeg_quality,
    }
    return await _draw_by(_SCAN, arguments, context, source, stack)


async def _draw(
    context: Context, pdf: Path, stack: AsyncExitStack, made_by: tuple[str, ...], tools: Mapping[str, str]
) -> _Found:
    """Draw the pages of a PDF that another command may have made."""
    return await _draw_by(_PAGES, page_arguments(), context, pdf, stack, made_by, tools)


async def _draw_by(
    function: str,
    arguments: Mapping[str, Any],
    context: Context,
    source: Path,
    stack: AsyncExitStack,
    made_by: tuple[str, ...] = (),
    made_with: Mapping[str, str] = MappingProxyType({}),
) -> _Found:
    """Have a child draw pages; `made_by` and `made_with` say where its source came from."""
    seconds = _SECONDS + load_profiles().documents.most_seconds
    child = await _call(context, function, arguments, source, stack, seconds)
    reply = Pages.model_validate(child.value)
    command, tools = (*made_by, function, repr(arguments)), {**made_with, **reply.tools}
    made = [describe_made(kind, child, picture, command, tools) for kind, picture in reply.pictures.items()]
    made.append(_document(child.file(reply.file), "application/pdf", command, tools))
    shown = {"pages_shown": reply.pages_shown} if reply.pages_shown < reply.pages else {}
    return made, {"pages": reply.pages, **shown}


def page_arguments() -> dict[str, Any]:
    """Return what `transcode.document:render` is told, by the table of profiles."""
    profiles = load_profiles()
    return {
        "thumbnail_edge": profiles.pictures.thumbnail_edge,
        "page_edge": profiles.pictures.review_edge,
        "most_pages": profiles.documents.most_pages,
        "most_seconds": profiles.documents.most_seconds,
        "jpeg_quality": profiles.pictures.jpeg_quality,
    }


async def _office(context: Context, source: Path, stack: AsyncExitStack, *, name: str) -> _Found:
    """Draw the pages that LibreOffice makes of a document."""
    folder = await stack.enter_async_context(open_folder(context.settings.scratch))
    converted = await context.office.convert(source, folder, name)
    try:
        return await _draw(context, converted.path, stack, converted.command, converted.tools)
    except (SourceDamaged, SourceRefused, ToolFailed) as error:
        raise Undrawable(NoPicture.VARIANT, office.UNKNOWN) from error


async def _apple(context: Context, source: Path, stack: AsyncExitStack, *, name: str) -> _Found:
    """Draw the pages, or else those that Apple's program kept beside them."""
    try:
        return await _office(context, source, stack, name=name)
    except Undrawable:
        child = await _call(context, _PREVIEW, {}, source, stack)
        reply = Preview.model_validate(child.value)
        if reply.file is None:
            raise
        made, facts = await _draw(context, child.file(reply.file), stack, (_PREVIEW,), {})
        return made, {**facts, "pages_from": "preview"}


async def _workbook(context: Context, source: Path, stack: AsyncExitStack, *, name: str) -> _Found:
    """List the sheets; draw those that cannot be listed."""
    try:
        return await _words(context, source, stack, function=_SHEETS)
    except (ToolFailed, Undrawable):
        return await _office(context, source, stack, name=name)


async def _words(
    context: Context,
    source: Path,
    stack: AsyncExitStack,
    *,
    function: str = _TEXT,
    options: Mapping[str, bool] = MappingProxyType({}),
) -> _Found:
    """Write what can be read as plain text."""
    arguments = {**options, "most_bytes": load_profiles().documents.most_text_bytes}
    child = await _call(context, function, arguments, source, stack)
    reply = Words.model_validate(child.value)
    if reply.file is None:
        raise Undrawable(NoPicture.VARIANT, str(reply.facts.get("no_picture_reason")))
    path = child.file(reply.file)
    return [_document(path, plain.MEDIA_TYPE, (function, repr(arguments)), reply.tools)], dict(reply.facts)


async def _database(context: Context, source: Path, stack: AsyncExitStack) -> _Found:
    """List the tables."""
    folder = await stack.enter_async_context(open_folder(context.settings.scratch))
    listing, count = await list_tables(source)
    saved = plain.save_text(listing, folder, most_bytes=load_profiles().documents.most_text_bytes)
    made = _document(folder / plain.NAME, plain.MEDIA_TYPE, ("transcode.database:list_tables",), {})
    return [made], {**saved["facts"], "tables": count}


async def _call(
    context: Context,
    function: str,
    arguments: Mapping[str, Any],
    source: Path,
    stack: AsyncExitStack,
    seconds: float = _SECONDS,
) -> ChildResult:
    return await stack.enter_async_context(
        context.children.call(function, arguments, input=source, timeout_seconds=seconds)
    )


def _document(path: Path, media_type: str, command: tuple[str, ...], tools: Mapping[str, str]) -> Made:
    return Made(path, "document", media_type, path.stat().st_size, command, tools)


#: Types of content that LibreOffice opens only where the listing fails.
_WORKBOOKS = ("xls", "xlsx", "xlsm", "xltx", "xltm", "xlsb", "ods")

_MAKERS: dict[str, Maker] = {
    **{name: partial(_office, name=name) for name in office.READERS},
    **{name: partial(_workbook, name=name) for name in _WORKBOOKS},
    "pages": partial(_apple, name="pages"),
    "pdf": _pages,
    "mdb": _database,
    "accdb": _database,
    "text": partial(_words, options={"markup": False}),
    "html": partial(_words, options={"markup": True}),
}
#: Who makes the reading copy, by type of the content.
DOCUMENT_MAKERS: dict[str, Maker] = {name: partial(_shown, maker) for name, maker in _MAKERS.items()}
