"""The samples of the demo, in one folder, made once."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.samples.film import make_phone_film, make_truncated
from tests.samples.office import make_infected_document
from tests.samples.paper import make_pdf, make_text
from tests.samples.photo import make_photo
from tests.samples.program import make_program

_MAKERS: Mapping[str, Callable[[Path], Path]] = {
    "dance.mp4": make_phone_film,
    "sketchbook.jpg": make_photo,
    "portfolio.pdf": make_pdf,
    "essay.txt": make_text,
    "homework.docx": make_program,
    "broken-off.mp4": lambda path: make_truncated(path.with_name("dance.mp4"), path),
    "infected.docx": make_infected_document,
}


def make_samples(folder: Path) -> Mapping[str, Path]:
    """Make what is missing of the samples in `folder`; return them by name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in _MAKERS.items():
        if not (folder / name).exists():
            _make_whole(make, folder / name)
    return {name: folder / name for name in _MAKERS}


def _make_whole(make: Callable[[Path], Path], path: Path) -> None:
    """Leave nothing under the sample's name when its making is interrupted."""
    try:
        make(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
