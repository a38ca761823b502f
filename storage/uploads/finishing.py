"""How an upload's segments become one file, and that file a blob, safe to interrupt between any two steps.

1. Hold the folder and the present segment, so that nobody else writes or finishes.
2. Put the counted bytes of all segments into one file: the first segment that has any, with the later
   ones appended. In the usual case there is one, and nothing is copied. A stopped writer may still
   hold that first segment and would write to it when woken: then a new file takes the bytes.
3. Shut the folder: from here the upload is not found.
4. Publish the file.
5. Remove the folder.

Every segment keeps its counted bytes until step 4, so beginning again gives the same bytes.
"""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from storage.blobs.disk import copy_pieces, open_regular, sync_folder
from storage.blobs.local import LocalBlobStore
from storage.errors import NotFound, UploadBusy
from storage.uploads import UploadRef
from storage.uploads.folder import UploadFolder, check_epoch, check_sizes, held, segment_path
from storage.uploads.limit import drop_uncounted


@dataclass(frozen=True, slots=True)
class Part:
    """The counted bytes of one segment."""

    path: Path
    size_bytes: int


#: Puts all bytes into one durable file in the folder (the holds are let go afterwards) and shuts the folder;
#: returns the file.
Gather = Callable[[ExitStack, UploadFolder, Path], Generator[None, None, Path]]


def finish_steps(folder: UploadFolder, upload: UploadRef, blobs: LocalBlobStore, key: str) -> Iterator[None]:
    """Do the steps; yield after each. Raises what `UploadStore.finish` does, and `OSError`."""
    return publish_steps(folder, blobs, key, partial(_gather, upload=upload))


def publish_steps(
    folder: UploadFolder, blobs: LocalBlobStore, key: str, gather: Gather
) -> Generator[None, None, None]:
    """Gather the bytes and make them the blob, unless they are it already; then remove the folder."""
    with ExitStack() as holds:
        place = _hold_folder(holds, folder)
        # Looked for after the folder, because it is there before the folder goes.
        if blobs.locate(key).is_file():
            blobs.settle(key)
        elif place:
            whole = yield from gather(holds, folder, place)
            blobs.place(key, whole)
        else:
            raise NotFound(folder.id)
        yield
        folder.remove()


def _hold_folder(holds: ExitStack, folder: UploadFolder) -> Path | None:
    try:
        place = folder.present()
    except NotFound:
        return None
    try:
        holds.enter_context(held(place, os.O_RDONLY | os.O_DIRECTORY))
    except (NotFound, FileNotFoundError) as error:
        raise UploadBusy("the folder is being shut by another") from error
    return place


def _gather(
    holds: ExitStack, folder: UploadFolder, place: Path, upload: UploadRef
) -> Generator[None, None, Path]:
    """Put the counted bytes of all segments into one durable file and shut the folder; return the file."""
    check_epoch(place, upload)
    check_sizes(place, upload)
    last = segment_path(place, upload.epoch)
    last_size = drop_uncounted(last, holds.enter_context(held(last, os.O_RDWR | os.O_CREAT)))
    yield
    sizes = (*upload.frozen, last_size)
    parts = [Part(segment_path(place, epoch), size) for epoch, size in enumerate(sizes, 1) if size]
    whole = last
    if any(part.path != last for part in parts):
        whole = yield from _append_to_first(holds, parts)
    shut(folder, place)
    yield
    return folder.shut / whole.name


def shut(folder: UploadFolder, place: Path) -> None:
    """Rename the folder, durably: from here the upload is not found."""
    if place != folder.shut:
        place.rename(folder.shut)
    sync_folder(folder.root)


def _append_to_first(holds: ExitStack, parts: list[Part]) -> Generator[None, None, Path]:
    """Append the later parts to the first, or all of them to a new file; yield after each piece."""
    first, later = parts[0], parts[1:]
    whole = first.path
    try:
        target = holds.enter_context(held(whole, os.O_RDWR))
    except UploadBusy:
        whole, first, later = whole.with_name("whole"), Part(whole, 0), parts
        target = holds.enter_context(held(whole, os.O_RDWR | os.O_CREAT))
    os.ftruncate(target, first.size_bytes)
    os.lseek(target, first.size_bytes, os.SEEK_SET)
    try:
        for part in later:
            yield from append(target, part)
    except OSError:
        os.ftruncate(target, first.size_bytes)
        raise
    os.fsync(target)
    yield
    return whole


def append(target: int, part: Part) -> Iterator[None]:
    """Copy the part to the end of the open file; yield after each piece."""
    with open_regular(part.path) as source:
        for _ in copy_pieces(source.fileno(), target, part.size_bytes):
            yield
