"""How several uploads become one blob: their bytes are copied, in order, into the folder of the whole.

The parts stay: one may be in several wholes, or several times in one. A join that was interrupted begins
again, unless its folder is shut: then its file was complete and durable already.
"""

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from storage.blobs.local import LocalBlobStore
from storage.uploads import WholePart
from storage.uploads.finishing import Part, append, publish_steps, shut
from storage.uploads.folder import UploadFolder, check_sizes, held, segment_path


def join_steps(
    folder: UploadFolder, parts: Sequence[WholePart], blobs: LocalBlobStore, key: str
) -> Generator[None, None, None]:
    """Make the parts' bytes the blob; yield after each piece.

    Raises what `UploadStore.join` does, and `OSError`.
    """
    return publish_steps(folder, blobs, key, partial(_gather, parts=parts))


def _gather(
    holds: ExitStack, folder: UploadFolder, place: Path, parts: Sequence[WholePart]
) -> Generator[None, None, Path]:
    whole = place / "whole"
    if place != folder.shut:
        target = holds.enter_context(held(whole, os.O_RDWR | os.O_CREAT))
        os.ftruncate(target, 0)
        try:
            yield from _copy(target, folder, parts)
        except OSError:
            os.ftruncate(target, 0)
            raise
        os.fsync(target)
        yield
    shut(folder, place)
    yield
    return folder.shut / whole.name


def _copy(target: int, folder: UploadFolder, parts: Sequence[WholePart]) -> Iterator[None]:
    for part in parts:
        for segment in _segments(UploadFolder(folder.root, part.upload.id), part):
            for _ in append(target, segment):
                # A whole that was cancelled meanwhile needs no more bytes.
                folder.check()
                yield


def _segments(folder: UploadFolder, part: WholePart) -> tuple[Part, ...]:
    """Return the segments that hold the part's first bytes, and how many each holds of them."""
    folder.check()
    check_sizes(folder.open, part.upload)
    last = part.size_bytes - sum(part.upload.frozen)
    sizes = enumerate((*part.upload.frozen, last), 1)
    return tuple(Part(segment_path(folder.open, epoch), size) for epoch, size in sizes if size)
