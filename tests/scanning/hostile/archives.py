"""Archives that unpack to too much, elsewhere, twice, or to something else."""

import struct
import zipfile
import zlib

from tests.scanning import samples
from tests.scanning.hostile.case import DAMAGED, HELD, LOCKED, UNSAFE, Case

MIB = 1 << 20


def ratio_bomb() -> bytes:
    return samples.office("docx", {"word/media/zeros.bin": bytes(300 * MIB)})


def lying_bomb() -> bytes:
    """The list says that a member is small; its data unpack to a hundred megabytes."""
    content = bytearray(samples.office("docx", {"word/zeros.bin": bytes(100 * MIB)}))
    at = content.rindex(b"word/zeros.bin") - 46
    content[at + 24 : at + 28] = struct.pack("<I", 1000)
    return bytes(content)


def nested_bomb() -> bytes:
    inner = samples.archive({"zeros.bin": bytes(200 * MIB)})
    middle = samples.archive({f"{number}.zip": inner for number in range(10)}, zipfile.ZIP_STORED)
    return samples.office("docx", {"word/embeddings/a.zip": middle})


def deep_nesting() -> bytes:
    content = samples.archive({"words.txt": "words"})
    for _ in range(12):
        content = samples.archive({"inner.zip": content})
    return samples.office("docx", {"word/embeddings/a.zip": content})


def quoting_bomb() -> bytes:
    """Members that contain one another's headers: each is listed, all share one run of packed zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = bytes(20 * MIB)
    packed = packer.compress(zeros) + packer.flush()
    check = zlib.crc32(zeros)
    names = [f"word/{number:03}.bin".encode() for number in range(200)]
    body, listed = b"", b""
    for name in names:
        fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, check, len(packed), len(zeros), len(name), 0)
        # Every entry of the list leads to the same place.
        listed += b"PK\x01\x02\x14\0" + fields + bytes(10) + bytes(4) + name
        body = body or b"PK\x03\x04" + fields + name + packed
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, len(names), len(names), len(listed), len(body), 0)
    return body + listed + end


def with_member(name: str) -> bytes:
    return samples.office("docx", {name: "words"})


def duplicate(name: str) -> bytes:
    """A second member whose name is, but for its case, that of the main part."""
    return samples.office("docx", {"word/document.xmX": "other"}).replace(b"word/document.xmX", name.encode())


def locked() -> bytes:
    content = bytearray(samples.archive(samples.office_members("docx") | {"a.bin": "secret"}))
    content[content.index(b"a.bin") - 30 + 6] |= 1
    content[content.rindex(b"a.bin") - 46 + 8] |= 1
    return bytes(content)


def locked_inside() -> bytes:
    return samples.office("docx", {"word/embeddings/a.zip": locked()})


def unlisted_member() -> bytes:
    """A member that stands among the others and is left out of the list."""
    hidden = samples.archive({"evil.bin": "unlisted"})
    hidden = hidden[: hidden.index(b"PK\x01\x02")]
    content = samples.archive(samples.office_members("docx"), zipfile.ZIP_STORED)
    start = content.index(b"PK\x01\x02")
    end = content.rindex(b"PK\x05\x06")
    second = content.index(b"PK\x03\x04", 4)
    listed = bytearray(content[start:end])
    at = 0
    while at < len(listed):
        (place,) = struct.unpack_from("<I", listed, at + 42)
        if place >= second:
            struct.pack_into("<I", listed, at + 42, place + len(hidden))
        at += 46 + sum(struct.unpack_from("<HHH", listed, at + 28))
    tail = bytearray(content[end:])
    struct.pack_into("<I", tail, 16, start + len(hidden))
    return content[:second] + hidden + content[second:start] + bytes(listed) + bytes(tail)


def odd_method() -> bytes:
    return samples.archive(samples.office_members("docx"), zipfile.ZIP_LZMA)


def flipped_bit() -> bytes:
    content = bytearray(samples.archive(samples.office_members("docx"), zipfile.ZIP_STORED))
    content[content.index(b"text text") + 2] ^= 1
    return bytes(content)


CASES = (
    Case("a member of 300 MB of zeros", ratio_bomb, "docx", UNSAFE, told="unpacks"),
    Case("a member far larger than the list says", lying_bomb, "docx", DAMAGED),
    Case("archives of zeros in an archive in a document", nested_bomb, "docx", UNSAFE),
    Case("archives in archives, twelve deep", deep_nesting, "docx", HELD, told="deeper"),
    Case("200 members over one another", quoting_bomb, "docx", UNSAFE),
    Case(
        "5,001 members",
        lambda: samples.office("docx", {f"word/{n}.xml": "" for n in range(5001)}),
        "docx",
        UNSAFE,
    ),
    Case("a member that climbs out of its folder", lambda: with_member("word/../../x"), "docx", UNSAFE),
    Case("a member with an absolute path", lambda: with_member("/etc/cron.d/x"), "docx", UNSAFE),
    Case("a member with a path of Windows", lambda: with_member("..\\..\\Startup\\x"), "docx", UNSAFE),
    Case("a member on a drive", lambda: with_member("C:/Windows/x"), "docx", UNSAFE),
    Case("two members of one name", lambda: duplicate("word/document.xml"), "docx", UNSAFE, told="same name"),
    Case(
        "two members that differ in case",
        lambda: duplicate("word/DOCUMENT.XML"),
        "docx",
        UNSAFE,
        told="same name",
    ),
    Case("a member with a password", locked, "docx", LOCKED),
    Case("an archive with a password in a document", locked_inside, "docx", HELD, told="password"),
    Case("a member that is left out of the list", unlisted_member, "docx", HELD, told="left out"),
    Case("members packed by LZMA", odd_method, "docx", HELD),
    Case("a member with a flipped bit", flipped_bit, "docx", DAMAGED),
    Case(
        "a document that is a text document, too",
        lambda: samples.archive(
            {"mimetype": "application/vnd.oasis.opendocument.text", **samples.office_members("docx")}
        ),
        "docx",
        HELD,
    ),
)
