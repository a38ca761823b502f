"""Signatures that are hashes of whole files, looked up for files so large that clamd reads nothing of them.

Only those count that can match a file above clamd's ceiling: of millions, few, so they are kept in memory.
Those of unwanted programs (.hdu, .hsu) are left out, as clamd does unless `DetectPUA` is on.
Source: docs.clamav.net, "Signatures", "File hash signatures"; "ClamAV Virus Database (CVD)".
"""

import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import md5, sha1, sha256
from pathlib import Path

from config.signatures import DATED
from scanning.signature_folder import fingerprint

_PIECE_BYTES = 4 << 20
_HASHED = (".hdb", ".hsb")
#: A database is a compressed or plain archive behind a header of this length.
_HEADER_BYTES = 512
#: Algorithms by the length of their hashes in hexadecimal digits.
_ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256"}
_HASHES = {"md5": md5, "sha1": sha1, "sha256": sha256}


@dataclass(frozen=True, slots=True)
class HashIndex:
    """What a folder of signatures says of whole files of more than some bytes."""

    #: Name of the signature by hash and size in bytes; `None`: of any size.
    names: Mapping[tuple[str, int | None], str] = field(default_factory=dict)

    def algorithms(self, size_bytes: int) -> frozenset[str]:
        """Return what must be computed of a file of that size."""
        lengths = {len(digest) for digest, size in self.names if size in {size_bytes, None}}
        return frozenset(_ALGORITHMS[length] for length in lengths)

    def find(self, digests: Iterable[str], size_bytes: int) -> str | None:
        """Return the name of the first signature that one of the digests matches."""
        keys = ((digest, size) for digest in digests for size in (size_bytes, None))
        return next((self.names[key] for key in keys if key in self.names), None)


class Hashing:
    """Hashes of a file, taken as its pieces go by in order."""

    def __init__(self, algorithms: Iterable[str]) -> None:
        self._hashes = [_HASHES[name](usedforsecurity=False) for name in sorted(algorithms)]

    def take(self, descriptor: int, skipped: int) -> None:
        """Take in what an open file holds behind `skipped` bytes, and close it."""
        try:
            while self._hashes and (piece := os.pread(descriptor, _PIECE_BYTES, skipped)):
                for each in self._hashes:
                    each.update(piece)
                skipped += len(piece)
        finally:
            os.close(descriptor)

    def digests(self) -> tuple[str, ...]:
        """Return the hashes in hexadecimal digits."""
        return tuple(each.hexdigest() for each in self._hashes)


class HashSignatures:
    """The index of a folder, read anew when the folder changed."""

    def __init__(self, folder: Path, above_bytes: int) -> None:
        self._folder = folder
        self._above_bytes = above_bytes
        self._known = ("", HashIndex())

    def load(self) -> HashIndex:
        """Return the index of what the folder holds now; raises `OSError`, `tarfile.TarError`."""
        now = fingerprint(self._folder)
        if self._known[0] != now:
            self._known = (now, HashIndex(dict(self._entries())))
        return self._known[1]

    def _entries(self) -> Iterator[tuple[tuple[str, int | None], str]]:
        for line in _lines(self._folder):
            if entry := parse_line(line, self._above_bytes):
                yield entry


def parse_line(line: bytes, above_bytes: int) -> tuple[tuple[str, int | None], str] | None:
    """Return hash, size and name of a signature of files above a size; `None` for all other lines."""
    digest, *rest = line.decode("ascii", "replace").strip().split(":")
    if len(rest) < 2 or len(digest) not in _ALGORITHMS:
        return None
    size, name = rest[0], rest[1]
    if size == "*":
        return (digest.lower(), None), name
    if not size.isascii() or not size.isdigit() or int(size) <= above_bytes:
        return None
    return (digest.lower(), int(size)), name


def _lines(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.iterdir()):
        if path.suffix in _HASHED:
            with path.open("rb") as file:
                yield from file
        elif path.suffix in DATED:
            yield from _packed_lines(path)


def _packed_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of the hash signatures in an official database; clamd has checked its signature."""
    with path.open("rb") as file:
        file.seek(_HEADER_BYTES)
        with tarfile.open(fileobj=file, mode="r|*") as archive:
            for member in archive:
                part = archive.extractfile(member) if member.name.endswith(_HASHED) else None
                yield from part or ()
