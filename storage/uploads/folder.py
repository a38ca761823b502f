"""The folder of one upload: its segments by epoch, their sizes, and what it is called at which time.

While bytes arrive the folder is `root/<id>`. Renaming it shuts the door: `finish` and `delete` first
give it another name, so whoever finds `root/<id>` finds every byte in it.
"""

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from storage.blobs.disk import open_regular, sync_folder
from storage.errors import Damaged, NotFound, UploadBusy, WriterFenced
from storage.uploads import UploadRef
from storage.uploads.limit import counted_bytes, has_limit
from storage.uploads.naming import is_upload_id, require_upload_id

_SEGMENT = re.compile(r"([0-9]{8})\.segment")


@dataclass(frozen=True, slots=True)
class UploadFolder:
    """Where one upload's segments are. Its methods block."""

    root: Path
    id: str

    def __post_init__(self) -> None:
        require_upload_id(self.id)

    @property
    def open(self) -> Path:
        """The folder while bytes arrive."""
        return self.root / self.id

    @property
    def shut(self) -> Path:
        """The folder while its bytes become a blob."""
        return self.root / f"{self.id}.finished"

    def check(self) -> None:
        """Raise `NotFound` unless the upload is open."""
        if not self.open.is_dir():
            raise NotFound(self.id)

    def present(self) -> Path:
        """Return the folder that is there. Raises `NotFound`."""
        # In the order in which it is renamed: looking the other way round could miss both.
        for folder in (self.open, self.shut):
            if folder.is_dir():
                return folder
        raise NotFound(self.id)

    def sizes(self, upload: UploadRef) -> tuple[int, ...]:
        """Return the durable sizes of all segments before the upload's epoch."""
        fresh = (durable_size(self.open, epoch) for epoch in range(len(upload.frozen) + 1, upload.epoch))
        sizes = (*upload.frozen, *fresh)
        check_sizes(self.open, upload)
        self.check()
        return sizes

    def offset(self, upload: UploadRef) -> int:
        """Return the upload's durable offset."""
        total = sum(self.sizes(upload)) + durable_size(self.open, upload.epoch)
        # A segment that was missing may have been handed over a moment ago, rather than not be begun.
        self.check()
        return total

    def counted_sizes(self, upload: UploadRef) -> tuple[int, ...]:
        """Return how many bytes of each segment count, durable or not."""
        fresh = range(len(upload.frozen) + 1, upload.epoch + 1)
        sizes = (*upload.frozen, *(counted_size(self.open, epoch) for epoch in fresh))
        check_sizes(self.open, upload)
        self.check()
        return sizes

    def touched_at(self, upload: UploadRef) -> float:
        """Return when the latest segment was last begun or written to (seconds since 1970)."""
        for epoch in range(upload.epoch, 0, -1):
            with contextlib.suppress(FileNotFoundError):
                return segment_path(self.open, epoch).stat().st_mtime
        raise NotFound(self.id)

    def remove(self) -> None:
        """Remove every trace, whatever the folder is called; a crash in between leaves no half upload."""
        doomed = self.root / f"{self.id}.deleted"
        for folder in (doomed, self.open, self.shut):
            with contextlib.suppress(FileNotFoundError):
                folder.rename(doomed)
                for path in doomed.iterdir():
                    path.unlink(missing_ok=True)
                doomed.rmdir()
        sync_folder(self.root)


def touched_folders(root: Path) -> dict[str, float]:
    """Return when anything in each upload's folder was last touched (seconds since 1970), by id.

    Whatever the folder is called at the moment; other names are none of ours.
    """
    touched: dict[str, float] = {}
    for folder in root.iterdir():
        upload_id = folder.name.partition(".")[0]
        if is_upload_id(upload_id):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                times = [path.stat().st_mtime for path in (folder, *folder.iterdir())]
                touched[upload_id] = max(touched.get(upload_id, 0.0), *times)
    return touched


def segment_path(folder: Path, epoch: int) -> Path:
    """Return the file that the writer of that epoch appends to."""
    return folder / f"{epoch:08d}.segment"


def counted_size(folder: Path, epoch: int) -> int:
    """Return how many bytes of a segment count, durable or not; 0 when it was never begun."""
    path = segment_path(folder, epoch)
    try:
        with open_regular(path) as handle:
            return counted_bytes(path, handle.fileno())
    except FileNotFoundError:
        return 0


def durable_size(folder: Path, epoch: int) -> int:
    """Return how many bytes of a segment count once they do so durably; 0 when it was never begun."""
    path = segment_path(folder, epoch)
    try:
        with open_regular(path) as handle:
            size_bytes = counted_bytes(path, handle.fileno())
            os.fdatasync(handle.fileno())
        if has_limit(path):
            sync_folder(folder)  # it may have begun to count a moment ago
    except FileNotFoundError:
        return 0
    return size_bytes


def check_sizes(folder: Path, upload: UploadRef) -> None:
    """Raise `Damaged` if a segment is shorter than its frozen size, `NotFound` if the folder is gone."""
    for epoch, frozen in enumerate(upload.frozen, 1):
        path = segment_path(folder, epoch)
        size_bytes = path.stat().st_size if path.exists() else 0
        if size_bytes < frozen:
            if not folder.is_dir():
                raise NotFound(upload.id)
            raise Damaged(f"segment {epoch} has {size_bytes} bytes of {frozen}")


def check_epoch(folder: Path, upload: UploadRef) -> None:
    """Raise `WriterFenced` if a later epoch has begun, or earlier ones are not frozen."""
    if len(upload.frozen) != upload.epoch - 1:
        raise WriterFenced("the epochs before are not frozen")
    begun = (_SEGMENT.fullmatch(path.name) for path in folder.iterdir())
    if any(match and int(match[1]) > upload.epoch for match in begun):
        raise WriterFenced("a later epoch has begun")


def hold(descriptor: int, path: Path) -> None:
    """Lock what is open, until it is closed, and make sure that it still is what `path` names.

    The lock (flock(2)) dies with its process, but not while that is merely stopped.
    Raises `UploadBusy`, `NotFound`.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UploadBusy(path.parent.name) from error
    try:
        same = os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        same = False
    if not same:
        raise NotFound(path.parent.name)


@contextlib.contextmanager
def held(path: Path, flags: int) -> Iterator[int]:
    """Open and lock a file or folder; give its descriptor. Raises `UploadBusy`, `NotFound`."""
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        hold(descriptor, path)
        yield descriptor
    finally:
        os.close(descriptor)
