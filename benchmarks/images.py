"""Thumbnails of phone-sized pictures per CPU second, beside what others use."""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pillow_heif
from PIL import Image

from benchmarks.table import Row, median
from tests.samples.photo import make_photo

EDGE = 320
#: Pictures a run; the first one of a process costs its start as well, and is taken off.
PICTURES = 8
HEADINGS = ("picture", "bytes", "ours", "vipsthumbnail", "Pillow", "sharp", "ours / vipsthumbnail", "target")
ROOT = Path(__file__).parents[1]
#: All that use libvips get as many threads as the worker's children have.
ENVIRONMENT = {"VIPS_CONCURRENCY": "2", "VIPS_BLOCK_UNTRUSTED": "1", "NODE_FOLDER": str(ROOT / ".node")}
LIMIT_SECONDS = 300

Files = Sequence[str]
#: The command line of each tool, by its name in the table.
TOOLS: Mapping[str, Callable[[str, Files], list[str]]] = {
    "ours": lambda folder, files: _python("ours", folder, files),
    "vipsthumbnail": lambda folder, files: [
        "vipsthumbnail", "--size", f"{EDGE}x{EDGE}>", "--export-profile", "srgb",
        "-o", f"{folder}/%s.jpg[Q=82,strip,optimize_coding]", *files,
    ],
    "Pillow": lambda folder, files: _python("pillow", folder, files),
    "sharp": lambda folder, files: [
        "node", str(ROOT / "benchmarks" / "peers" / "sharp_node.js"), str(EDGE), folder, *files
    ],
}  # fmt: skip
#: sharp's own libvips has no HEVC.
UNABLE = {("sharp", "HEIC")}


def measure_images(runs: int) -> Iterator[Row]:
    """Yield a row for each kind of picture: pictures per CPU second, the median of `runs`."""
    with tempfile.TemporaryDirectory(prefix="ei-images-") as name:
        folder = Path(name)
        for kind, picture in make_pictures(folder).items():
            files = [str(_again(picture, number)) for number in range(PICTURES + 1)]
            taken = {tool: [] for tool in TOOLS if (tool, kind) not in UNABLE}
            for _ in range(runs):
                for tool, found in taken.items():
                    found.append(pictures_a_second(tool, files))
            yield _row(kind, picture, {tool: median(found) for tool, found in taken.items()})


def make_pictures(folder: Path) -> dict[str, Path]:
    """Make one picture of 12 megapixels of each kind."""
    jpeg = make_photo(folder / "photo.jpg")
    with Image.open(jpeg) as opened:
        image = opened.convert("RGB")
    image.save(folder / "photo.png", compress_level=6)
    image.save(folder / "photo.tif", compression="tiff_lzw")
    pillow_heif.from_pillow(image).save(folder / "photo.heic", quality=80)
    kinds = {"JPEG": jpeg, "PNG": "photo.png", "TIFF": "photo.tif", "HEIC": "photo.heic"}
    return {kind: folder / name for kind, name in kinds.items()}


def pictures_a_second(tool: str, files: Files) -> float:
    """Return how many thumbnails a CPU second makes, once the tool has started."""
    started, done = cpu_seconds(tool, files[:1]), cpu_seconds(tool, files)
    return (len(files) - 1) / (done - started)


def cpu_seconds(tool: str, files: Files) -> float:
    """Return what the tool and its children took for the files, user and system."""
    with tempfile.TemporaryDirectory(prefix="ei-thumbnails-") as folder:
        before = _children_seconds()
        argv = TOOLS[tool](folder, files)
        subprocess.run(
            argv,
            check=True,
            cwd=ROOT,
            env={**os.environ, **ENVIRONMENT},
            capture_output=True,
            timeout=LIMIT_SECONDS,
        )
        used = _children_seconds() - before
        made = len(list(Path(folder).iterdir()))
    if made != len(files):
        raise RuntimeError(f"{tool} made {made} of {len(files)}")
    return used


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _row(kind: str, picture: Path, rates: Mapping[str, float]) -> Row:
    ratio = rates["ours"] / rates["vipsthumbnail"]
    shown = [f"{rates[tool]:.1f}" if tool in rates else "-" for tool in TOOLS]
    target = f"at least 1: {'met' if ratio >= 1 else 'missed'}"
    return (f"{kind}, 12 megapixels", f"{picture.stat().st_size:,}", *shown, f"{ratio:.2f}", target)


def _again(picture: Path, number: int) -> Path:
    """Return the picture under another name, so that every thumbnail has one of its own."""
    link = picture.with_name(f"{number}-{picture.name}")
    link.hardlink_to(picture)
    return link


def _python(tool: str, folder: str, files: Files) -> list[str]:
    return [sys.executable, "-m", "benchmarks.thumbnailer", tool, str(EDGE), folder, *files]
