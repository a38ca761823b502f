"""The pages that Apple's programs keep beside a document, for those who cannot read it. Runs sandboxed."""

import shutil
import zipfile
from pathlib import Path
from typing import Any

from transcode.errors import SourceRefused

PREVIEW = "QuickLook/Preview.pdf"
NAME = "preview.pdf"
MOST_BYTES = 256 << 20


def render(input_path: Path, folder: Path) -> dict[str, Any]:
    """Take the preview out; returns its `file`, or `None` where there is none.

    Raises `SourceRefused` for one of more than `MOST_BYTES`.
    """
    with zipfile.ZipFile(input_path) as package:
        if PREVIEW not in package.namelist():
            return {"file": None}
        if package.getinfo(PREVIEW).file_size > MOST_BYTES:
            raise SourceRefused("its preview is far too large")
        with package.open(PREVIEW) as preview, (folder / NAME).open("wb") as file:
            shutil.copyfileobj(preview, file)
    return {"file": NAME}
