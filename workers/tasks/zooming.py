"""The pyramid of tiles of a picture that is far larger than its review copy: an aid, never a condition."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from config.profiles import load_profiles
from transcode.aids import missing
from transcode.errors import NoChild, NoSpace, ToolError
from transcode.made import Made
from workers.context import Context
from workers.tasks.making import describe_made
from workers.tasks.replies import Pictures, Zoom

#: A picture of as many pixels as may be takes a tenth of it on a slow processor of its own.
_SECONDS = 300.0

_ZOOM = "transcode.zoom:render"


async def make_zoom(
    context: Context, source: Path, stack: AsyncExitStack, drawn: Pictures
) -> tuple[list[Made], dict[str, Any]]:
    """Return the pyramid, if the picture is large enough and stands alone, or the fact why there is none.

    Raises `NoChild` and `NoSpace`, after which it can be made.
    """
    if not is_zoomed(drawn):
        return [], {}
    arguments = zoom_arguments(drawn)
    try:
        child = await stack.enter_async_context(
            context.children.call(_ZOOM, arguments, input=source, timeout_seconds=_SECONDS)
        )
        reply = Zoom.model_validate(child.value)
        return [describe_made("deep_zoom", child, reply, (_ZOOM, repr(arguments)), reply.tools)], {}
    except (NoChild, NoSpace):
        raise
    except ToolError as error:
        return [], missing(error)


def is_zoomed(drawn: Pictures) -> bool:
    """Tell whether a picture gets a pyramid: one of several pages or frames is shown otherwise."""
    alone = drawn.facts.get("pages", 1) == drawn.facts.get("frames", 1) == 1
    large = max(drawn.width, drawn.height) >= load_profiles().pictures.zoom_edge
    return bool(drawn.pictures) and alone and large


def zoom_arguments(drawn: Pictures) -> dict[str, Any]:
    """Return what `transcode.zoom:render` is told, by the table of profiles."""
    pictures = load_profiles().pictures
    return {
        "edge": max(drawn.width, drawn.height),
        "tile_edge": pictures.zoom_tile_edge,
        "max_pixels": pictures.max_pixels,
        "jpeg_quality": pictures.jpeg_quality,
    }
