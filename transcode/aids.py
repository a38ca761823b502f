"""What helps a reviewer to find a place in a reading copy: a film's storyboard, a recording's waveform."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from config.profiles import Pictures
from transcode.errors import NoSpace, ToolError
from transcode.made import Made
from transcode.storyboard import make_storyboard
from transcode.waveform import make_waveform


class Maker(Protocol):
    """Makes the aids of one finished reading copy in a private folder; raises `ToolError`."""

    async def __call__(self, copy: Made, folder: Path, pictures: Pictures, /) -> list[Made]:
        """Return what was made."""
        ...


#: By the kind of the reading copy.
MAKERS: Mapping[str, Maker] = {"video": make_storyboard, "audio": make_waveform}


async def make_aids(copy: Made, folder: Path, pictures: Pictures) -> tuple[list[Made], dict[str, str]]:
    """Return what was made, or the fact why nothing was: a copy that is whole is not lost for want of an aid.

    Raises `NoSpace`, after which it can be made.
    """
    try:
        return await MAKERS[copy.kind](copy, folder, pictures), {}
    except NoSpace:
        raise
    except ToolError as error:
        return [], missing(error)


def missing(error: ToolError) -> dict[str, str]:
    """Return the fact that says why a reviewer has to do without an aid."""
    return {"aids": f"not made: {error}"}
