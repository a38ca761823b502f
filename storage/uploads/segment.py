"""The file that the writer of one epoch appends to."""

import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from storage.blobs.disk import sync_folder
from storage.uploads import UploadRef
from storage.uploads.folder import UploadFolder, check_epoch, hold, segment_path
from storage.uploads.limit import drop_uncounted, set_limit

_IOV_MAX = os.sysconf("SC_IOV_MAX")


class Segment:
    """One epoch's file, locked while it is open.

    Its methods block and run in threads; one at a time, so that a thread whose caller was cancelled
    never writes to a descriptor that was closed behind it.
    """

    def __init__(self, folder: UploadFolder, upload: UploadRef) -> None:
        self._folder = folder
        self._upload = upload
        self._turn = threading.Lock()
        self._descriptor: int | None = None
        self._closed = False
        self._size = 0
        self._durable = 0
        self._held_back: int | None = None
        self._before = sum(upload.frozen)

    @property
    def offset(self) -> int:
        """Bytes of the upload up to the end of this segment, durable or not."""
        return self._before + self._size

    @property
    def counted(self) -> int:
        """Those of them that are not held back."""
        return self.offset if self._held_back is None else self._before + self._held_back

    def open(self) -> None:
        """Open and lock the file. Raises `UploadBusy`, `NotFound`, `WriterFenced`."""
        with self._turn:
            if self._closed:
                return
            path = self._path
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            self._descriptor = os.open(path, flags, 0o600)
            hold(self._descriptor, path)
            check_epoch(path.parent, self._upload)
            os.fdatasync(self._descriptor)
            sync_folder(path.parent)
            self._size = self._durable = drop_uncounted(path, self._descriptor)
            os.utime(self._descriptor)  # whoever looks now sees a sender that has only just begun

    def append(self, chunks: Sequence[bytes]) -> None:
        """Write all chunks. What was written before an `OSError` stays and counts."""
        with self._turn:
            descriptor = self._opened()
            rest = [memoryview(chunk) for chunk in chunks if chunk]
            start = 0
            while start < len(rest):
                written = os.writev(descriptor, list(islice(rest, start, start + _IOV_MAX)))
                self._size += written
                start = _skip(rest, start, written)

    def sync(self) -> int:
        """Make everything written durable and return the offset that counts."""
        with self._turn:
            self._sync(self._opened())
            return self.counted

    def hold_back(self) -> None:
        """Let nothing that is written from here on count, until `keep`."""
        with self._turn:
            self._sync(self._opened())
            if self._held_back is None:
                self._held_back = self._size
                set_limit(self._path, self._size)

    def keep(self) -> int:
        """Make everything written durable, let it count, and return the offset."""
        with self._turn:
            self._sync(self._opened())
            if self._held_back is not None:
                set_limit(self._path, None)
                self._held_back = None
            return self.offset

    def close(self) -> None:
        """Make what counts durable, drop the rest and let go of the file, also when the disk fails."""
        with self._turn:
            self._closed = True
            if self._descriptor is None:
                return
            try:
                self._settle(self._descriptor)
            finally:
                os.close(self._descriptor)
                self._descriptor = None

    @property
    def _path(self) -> Path:
        return segment_path(self._folder.open, self._upload.epoch)

    def _settle(self, descriptor: int) -> None:
        if self._held_back is None:
            self._sync(descriptor)
        else:
            with suppress(FileNotFoundError):  # the upload is gone, and with it whatever it held back
                drop_uncounted(self._path, descriptor)

    def _opened(self) -> int:
        if self._descriptor is None:
            raise ValueError("the writer was left")
        return self._descriptor

    def _sync(self, descriptor: int) -> None:
        if self._size == self._durable:
            return
        try:
            os.fdatasync(descriptor)
        except OSError:
            # The kernel may have dropped what it could not write and would not say so a second time.
            os.ftruncate(descriptor, self._durable)
            self._size = self._durable
            raise
        self._durable = self._size


def _skip(rest: list[memoryview], start: int, written: int) -> int:
    """Return the index of the first chunk that is not wholly written, cut to what is left of it."""
    while written:
        chunk = rest[start]
        if written < len(chunk):
            rest[start] = chunk[written:]
            return start
        written -= len(chunk)
        start += 1
    return start
