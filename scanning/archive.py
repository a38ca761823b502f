"""ZIP archives, safely: the directory is judged before anything is unpacked.

Source: PKWARE, "APPNOTE.TXT", version 6.3.10, sections 4.3 and 4.4.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from scanning.content import Content
from scanning.findings import damage, encrypted, suspicious, unsafe
from scanning.members import Members, limits_for

_END = struct.Struct("<4sHHHHIIH")
_LARGE_END = struct.Struct("<4sQHHIIQQQQ")
_LONGEST_COMMENT_BYTES = 65_535
_LOCAL_HEADER_BYTES = 30
_LONGEST_SIZES_BYTES = 24
_PIECE_BYTES = 1 << 20
#: A directory of more than this is no document's; reading it would cost memory.
_LARGEST_DIRECTORY_BYTES = 32 << 20
_MOST_MEMBERS = 5_000
#: Content that unpacks to less than this is never called a bomb, whatever its ratio.
_HARMLESS_BYTES = 256 << 20
_HIGHEST_RATIO = 100
_LARGEST_TOTAL_BYTES = 16 << 30
_ENCRYPTED_BITS = 0x2041
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


@dataclass(frozen=True, slots=True)
class _Directory:
    """Where the list of members lies, and where the archive ends; all in bytes."""

    offset: int
    size: int
    recorded_offset: int
    archive_end: int


@contextmanager
def open_archive(content: Content) -> Iterator[zipfile.ZipFile]:
    """Give the archive for reading; raises `Flawed` if its directory is missing, broken or hostile."""
    directory = _find_directory(content)
    if directory.size > _LARGEST_DIRECTORY_BYTES:
        raise unsafe("it lists far more files than a document has")
    if directory.recorded_offset != directory.offset:
        raise suspicious("something stands before the archive")
    if directory.archive_end > content.size_bytes:
        raise damage("its end is missing")
    if directory.archive_end < content.size_bytes:
        raise suspicious("something stands behind the archive")
    try:
        with zipfile.ZipFile(content.file) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, struct.error) as error:
        raise damage("a file inside it is broken") from error


def _find_directory(content: Content) -> _Directory:
    reach = min(content.size_bytes, _END.size + _LONGEST_COMMENT_BYTES)
    base = content.size_bytes - reach
    tail = content.at(base, reach)
    at = tail.rfind(b"PK\x05\x06", 0, len(tail) - _END.size + 4)
    if at < 0:
        raise damage("its end is missing")
    *_, size, recorded, comment_bytes = _END.unpack_from(tail, at)
    end = base + at + _END.size + comment_bytes
    large = (
        content.at(base + at - 20 - _LARGE_END.size, _LARGE_END.size)
        if base + at >= 20 + _LARGE_END.size
        else b""
    )
    if large.startswith(b"PK\x06\x06"):
        *_, size, recorded = _LARGE_END.unpack(large)
        return _Directory(base + at - 20 - _LARGE_END.size - size, size, recorded, end)
    return _Directory(base + at - size, size, recorded, end)


def check_members(content: Content, archive: zipfile.ZipFile) -> None:
    """Raise `Flawed` for whatever a document's archive never has and an attacker's may."""
    members = archive.infolist()
    if len(members) > _MOST_MEMBERS:
        raise unsafe(f"more than {_MOST_MEMBERS} files inside")
    if any(member.flag_bits & _ENCRYPTED_BITS for member in members):
        raise encrypted()
    if any(member.compress_type not in _METHODS for member in members):
        raise suspicious("it is packed in an unusual way")
    _check_names([member.filename for member in members])
    _check_sizes(members, content.size_bytes)
    _check_places(content, members, archive.start_dir)


def _check_names(names: Sequence[str]) -> None:
    # Windows and Office take no notice of case: two such names are one file to them.
    if len({name.casefold() for name in names}) != len(names):
        raise unsafe("two files inside have the same name")
    if any(_escapes(name) for name in names):
        raise unsafe("a file inside would be written outside its folder")


def _escapes(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or parts[0] == "" or ":" in parts[0] or any(ord(char) < 32 for char in name)


def _check_sizes(members: Sequence[zipfile.ZipInfo], archive_bytes: int) -> None:
    total = sum(member.file_size for member in members)
    if total > max(_HARMLESS_BYTES, _HIGHEST_RATIO * archive_bytes) or total > _LARGEST_TOTAL_BYTES:
        raise unsafe("it unpacks to far more than its size")
    if total > limits_for(archive_bytes).total_bytes:
        raise suspicious("it unpacks to more than can be checked")


def _check_places(content: Content, members: Sequence[zipfile.ZipInfo], directory_offset: int) -> None:
    """Raise `Flawed` if two members share bytes: what is unpacked from them could be endless."""
    before = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < before:
            raise unsafe("files inside lie over one another")
        if member.header_offset > before and _hides_member(content, before, member.header_offset):
            raise suspicious("a file inside is left out of its list")
        header = content.exactly(member.header_offset, _LOCAL_HEADER_BYTES)
        name_bytes, extra_bytes = struct.unpack_from("<HH", header, 26)
        before = member.header_offset + _LOCAL_HEADER_BYTES + name_bytes + extra_bytes + member.compress_size
    if before > directory_offset:
        raise unsafe("files inside lie over one another")


def _hides_member(content: Content, start: int, end: int) -> bool:
    """Tell whether another member begins in a gap, behind the sizes that may follow a member."""
    gap = content.at(start, min(end - start, _LONGEST_SIZES_BYTES + 4))
    return b"PK\x03\x04" in gap


def read_part(archive: zipfile.ZipFile, name: str, most_bytes: int) -> bytes | None:
    """Return a member's content, `None` if there is none of that name; raises `Flawed` if it is larger."""
    try:
        with archive.open(name) as part:
            data = part.read(most_bytes + 1)
    except KeyError:
        return None
    except RuntimeError as error:
        # What zipfile raises for a member that needs a password.
        raise encrypted() from error
    if len(data) > most_bytes:
        raise unsafe("a part of it is far larger than it may be")
    return data


def extract_members(content: Content, members: Members) -> None:
    """Write out every member, each checked against its checksum on the way; raises `Flawed`."""
    with open_archive(content) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                members.write(info.filename, _pieces(archive, info))


def _pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(info) as part:
            while piece := part.read(_PIECE_BYTES):
                yield piece
    except RuntimeError as error:
        # What zipfile raises for a member that needs a password.
        raise encrypted() from error
