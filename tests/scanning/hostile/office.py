"""Office files made of parts that a test chooses."""

import struct
import zlib

import pikepdf

from tests.scanning import samples

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
MACRO_PROJECT = samples.compound({"VBA": b"macro"})


def package(content: bytes, name: bytes = b"notes.txt") -> bytes:
    """A file wrapped by Windows, as it lies in a stream `Ole10Native` behind its length."""
    path = b"C:\\" + name + b"\0"
    return (
        struct.pack("<H", 2)
        + name
        + b"\0"
        + path
        + struct.pack("<II", 0x00030000, len(path))
        + path
        + struct.pack("<I", len(content))
        + content
    )


def native(content: bytes, name: bytes = b"notes.txt") -> bytes:
    wrapped = package(content, name)
    return struct.pack("<I", len(wrapped)) + wrapped


def ole_object(content: bytes) -> bytes:
    return samples.compound({"\x01Ole10Native": native(content)})


def with_field(text: str, part: str = "word/document.xml") -> bytes:
    members = samples.office_members("docx")
    return samples.archive({**members, part: f'<w:document xmlns:w="w"><w:p>{text}</w:p></w:document>'})


DDE_FIELD = '<w:fldSimple w:instr="DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe &quot;/k calc&quot;"/>'
SPLIT_FIELD = (
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> DD</w:instrText></w:r>'
    '<w:r><w:instrText>EAU</w:instrText></w:r><w:r><w:instrText>TO cmd "/k calc"</w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
)


def with_relation(kind: str, target: str, part: str = "word/_rels/settings.xml.rels") -> bytes:
    relation = f'<Relationship Id="r" Type="{RELATIONS}{kind}" Target="{target}" TargetMode="External"/>'
    return samples.office("docx", {part: f"<Relationships>{relation}</Relationships>"})


def declared(content_type: str, extra: dict[str, bytes | str], extension: str = "docx") -> bytes:
    members = samples.office_members(extension)
    part = f'<Override PartName="/word/x.bin" ContentType="{content_type}"/></Types>'
    members["[Content_Types].xml"] = str(members["[Content_Types].xml"]).replace("</Types>", part)
    return samples.archive({**members, **extra})


def entities(part: str) -> dict[str, bytes | str]:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return {part: f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e0 "ha">{levels}]><a>&e9;</a>'}


def slides(*records: tuple[int, int, bytes]) -> bytes:
    stream = b"".join(
        struct.pack("<HHI", instance, kind, len(data)) + data for instance, kind, data in records
    )
    user = struct.pack("<HHIII", 0, 0x0FF6, 20, 20, 0xE391C05F)
    return samples.compound({"Current User": user, "PowerPoint Document": stream})


def packed_object(content: bytes) -> tuple[int, int, bytes]:
    return 0x0010, 0x1011, struct.pack("<I", len(content)) + zlib.compress(content)


def word(*extra: tuple[str, bytes]) -> bytes:
    return samples.compound({"WordDocument": struct.pack("<HHHHHH", 0xA5EC, 0xC1, 0, 0, 0, 0), **dict(extra)})


def word_saying(text: bytes) -> bytes:
    return samples.compound(
        {"WordDocument": struct.pack("<HHHHHH", 0xA5EC, 0xC1, 0, 0, 0, 0) + bytes(500) + text}
    )


def sheet(kind: int) -> tuple[int, bytes]:
    return 0x0085, struct.pack("<IBB", 0, 0, kind) + b"\x05\0Sheet"


def link(name: bytes) -> tuple[int, bytes]:
    return 0x01AE, struct.pack("<HH", 1, len(name)) + b"\0" + name


def rich_text(words: bytes) -> bytes:
    return b"{\\rtf1\\ansi " + words + b"}"


def rtf_object(content: bytes, class_name: bytes = b"Package") -> bytes:
    wrapped = package(content) if class_name == b"Package" else content
    name = class_name + b"\0"
    data = (
        struct.pack("<III", 0x501, 2, len(name)) + name + bytes(8) + struct.pack("<I", len(wrapped)) + wrapped
    )
    return b"{\\object\\objemb{\\*\\objclass Package}{\\*\\objdata " + data.hex().encode() + b"}}"


def obfuscated_rtf_object(content: bytes) -> bytes:
    """Digits in small groups, with words, escapes and groups between them, as kits that make exploits do."""
    data = rtf_object(content)
    start = data.index(b"objdata ") + 8
    digits, end = data[start:-2], data[-2:]
    pieces = [digits[at : at + 7] for at in range(0, len(digits), 7)]
    return data[:start] + b"\\par42 {\\*\\x}\r\n\\'2a".join(pieces) + end


def odt(members: dict[str, bytes | str], manifest: str = "<manifest/>") -> bytes:
    standard = {
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": "<content/>",
        "META-INF/manifest.xml": manifest,
    }
    return samples.archive({**standard, **members})


LOCKED_ENTRY = '<manifest><file-entry><encryption-data checksum="x"/></file-entry></manifest>'
EXE = samples.program()


def attached_to_pdf() -> bytes:
    return samples.pdf_with_attachment(samples.office("docm", {"word/vbaProject.bin": MACRO_PROJECT}))


def locked_pdf_inside() -> bytes:
    locked = samples.pdf(encryption=pikepdf.Encryption(owner="owner", user="user"))
    return samples.office("pptx", {"ppt/embeddings/a.pdf": locked})


def workbook() -> bytes:
    records = [(0x0809, bytes(16)), (0x000A, b"")]
    return b"".join(struct.pack("<HH", kind, len(data)) + data for kind, data in records)


def scrambled_database() -> bytes:
    content = bytearray(samples.database())
    content[2 * 4096 : 2 * 4096 + 2] = b"\x9c\x3f"
    return bytes(content)
