"""What makers of previews share: how they are called, and how what a child made is described."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from transcode.children import ChildResult
from transcode.made import Made
from workers.context import Context
from workers.tasks.replies import Moving, Picture, Zoom

#: Makes the previews of one original; what it opens stays open until they are published.
Maker = Callable[[Context, Path, AsyncExitStack], Awaitable[tuple[list[Made], dict[str, Any]]]]


def describe_made(
    kind: str,
    child: ChildResult,
    picture: Picture | Moving | Zoom,
    command: tuple[str, ...],
    tools: Mapping[str, str],
) -> Made:
    """Return a picture that a child says it made, with its true size; raises `ToolFailed` if it made none."""
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
