"""Small genuine files of every format that is checked, made from nothing."""

import io
import struct
import zipfile

import pikepdf
from PIL import Image

from config.formats import load_formats
from scanning import identification
from tests.scanning import streams

OPEN = "application/vnd.openxmlformats-officedocument."
MICROSOFT = "application/vnd.ms-"
OFFICE = {
    "docx": (f"{OPEN}wordprocessingml.document.main+xml", "word/document.xml"),
    "dotx": (f"{OPEN}wordprocessingml.template.main+xml", "word/document.xml"),
    "docm": (f"{MICROSOFT}word.document.macroEnabled.main+xml", "word/document.xml"),
    "xlsx": (f"{OPEN}spreadsheetml.sheet.main+xml", "xl/workbook.xml"),
    "xlsm": (f"{MICROSOFT}excel.sheet.macroEnabled.main+xml", "xl/workbook.xml"),
    "xlsb": (f"{MICROSOFT}excel.sheet.binary.macroEnabled.main", "xl/workbook.bin"),
    "pptx": (f"{OPEN}presentationml.presentation.main+xml", "ppt/presentation.xml"),
    "pptm": (f"{MICROSOFT}powerpoint.presentation.macroEnabled.main+xml", "ppt/presentation.xml"),
}
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"


def picture(format_name: str) -> bytes:
    buffer = io.BytesIO()
    image = Image.effect_noise((64, 48), 80).convert("P" if format_name == "GIF" else "RGB")
    image.save(buffer, format_name)
    return buffer.getvalue()


def box(kind: bytes, *content: bytes) -> bytes:
    data = b"".join(content)
    return struct.pack(">I4s", 8 + len(data), kind) + data


def track(handler: bytes) -> bytes:
    return box(b"trak", box(b"mdia", box(b"hdlr", bytes(8) + handler + bytes(13))))


def film(brand: bytes, *handlers: bytes, compatible: bytes = b"") -> bytes:
    moov = box(b"moov", *(track(handler) for handler in handlers or (b"vide", b"soun")))
    return box(b"ftyp", brand, bytes(4), compatible) + moov + box(b"mdat", bytes(500))


def heic() -> bytes:
    return box(b"ftyp", b"mif1", bytes(4), b"mif1heic") + box(b"meta", bytes(100)) + box(b"mdat", bytes(500))


def element(name: str, content: bytes) -> bytes:
    return bytes.fromhex(name) + (len(content) | 1 << 56).to_bytes(8, "big") + content


def matroska(doc_type: bytes) -> bytes:
    segment = element("1654ae6b", bytes(50)) + element("1f43b675", bytes(500))
    return element("1a45dfa3", element("4282", doc_type)) + element("18538067", segment)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", kind, len(content)) + content + bytes(len(content) % 2)


def avi() -> bytes:
    lists = chunk(b"LIST", b"hdrl" + bytes(60)) + chunk(b"LIST", b"movi" + bytes(501))
    return chunk(b"RIFF", b"AVI " + lists)


def pdf(**save: object) -> bytes:
    buffer = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        document.save(buffer, **save)
    return buffer.getvalue()


def pdf_with_attachment(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        document.attachments["notes.bin"] = content
        document.save(buffer)
    return buffer.getvalue()


def archive(members: dict[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


def office_members(name: str) -> dict[str, bytes | str]:
    content_type, part = OFFICE[name]
    return {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{part}" ContentType="{content_type}"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{DOCUMENT}" Target="{part}"/></Relationships>',
        part: "<document/>" + "text " * 200,
    }


def office(name: str, extra: dict[str, bytes | str] | None = None) -> bytes:
    return archive({**office_members(name), **(extra or {})})


def open_document(kind: str, manifest: str = "<manifest/>") -> bytes:
    return archive(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": "<content/>",
            "META-INF/manifest.xml": manifest,
        }
    )


def program(*, library: bool = False) -> bytes:
    dos = b"MZ" + bytes(58) + struct.pack("<I", 64)
    coff = struct.pack("<4sHHIIIHH", b"PE\0\0", 0x8664, 1, 0, 0, 0, 0, 0x2000 if library else 2)
    section = struct.pack("<8sIIIIIIHHI", b".text", 512, 4096, 512, 512, 0, 0, 0, 0, 0)
    return (dos + coff + section).ljust(512, b"\0") + bytes(512)


def compound(streams: dict[str, bytes]) -> bytes:
    """An OLE file: header, table of sectors, directory, then each stream in sectors of its own."""
    bodies, table, entries, at = b"", [0xFFFFFFFD, 0xFFFFFFFE], [], 2
    for name, content in streams.items():
        padded = content.ljust(4096, b"\0")
        padded += bytes(-len(padded) % 512)
        count = len(padded) // 512
        entries.append((name, 2, at, len(padded)))
        table += [*range(at + 1, at + count), 0xFFFFFFFE]
        bodies, at = bodies + padded, at + count
    table += [0xFFFFFFFF] * (128 - len(table))
    rows = [("Root Entry", 5, 0xFFFFFFFE, 0), *entries]
    directory = b"".join(_entry(row, index, len(rows)) for index, row in enumerate(rows)).ljust(512, b"\0")
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    return header + struct.pack("<128I", *table) + directory + bodies


def _entry(row: tuple[str, int, int, int], index: int, count: int) -> bytes:
    name, kind, start, size = row
    encoded = name.encode("utf-16-le")
    # The root's child is the first stream; each stream's right neighbour is the next.
    right = index + 1 if 0 < index < count - 1 else 0xFFFFFFFF
    child = 1 if index == 0 and count > 1 else 0xFFFFFFFF
    links = struct.pack("<III", 0xFFFFFFFF, right, child)
    return (
        encoded.ljust(64, b"\0")
        + struct.pack("<HBB", len(encoded) + 2, kind, 1)
        + links
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )


def word(flags: int = 0) -> bytes:
    return compound({"WordDocument": struct.pack("<HHHHHH", 0xA5EC, 0xC1, 0, 0, 0, flags)})


def excel(*extra: tuple[int, bytes]) -> bytes:
    records = [(0x0809, bytes(16)), *extra, (0x000A, b"")]
    stream = b"".join(struct.pack("<HH", kind, len(data)) + data for kind, data in records)
    return compound({"Workbook": stream})


def powerpoint(token: int = 0xE391C05F) -> bytes:
    user = struct.pack("<HHIII", 0, 0x0FF6, 20, 20, token)
    return compound({"Current User": user, "PowerPoint Document": bytes(100)})


def database(engine: bytes = b"Jet", version: int = 1, page_bytes: int = 4096) -> bytes:
    first = b"\0\x01\0\0Standard " + engine + b" DB\0" + bytes((version,))
    pages = [first, b"\x01\x01", b"\x02\x01", b"\x01\x01"]
    return b"".join(page.ljust(page_bytes, b"\0") for page in pages)


def photoshop(*, packed: bool = False) -> bytes:
    header = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, 20, 30, 8, 3) + bytes(12)
    rows = 3 * 20
    if packed:
        return header + b"\0\x01" + struct.pack(">H", 2) * rows + b"\xe3\x07" * rows
    return header + b"\0\0" + bytes(30) * rows


def metafile(*records: bytes, placeable: bool = True) -> bytes:
    body = b"".join(records or [struct.pack("<IH", 40, 0x0103) + bytes(74)] * 10)
    body += struct.pack("<IH", 3, 0)
    header = struct.pack("<HHHIHIH", 1, 9, 0x0300, 9 + len(body) // 2, 0, 40, 0)
    return (b"\xd7\xcd\xc6\x9a".ljust(22, b"\0") if placeable else b"") + header + body


def rich_text(words: str = "Plain words. ") -> bytes:
    return ("{\\rtf1\\ansi {\\fonttbl{\\f0 Arial;}}\\f0 " + words * 30 + "\\par}").encode()


def message_archive(number: int) -> bytes:
    """The beginning of an .iwa: one Snappy block of a literal, then a copy of a part of it."""
    kind = bytes((0x08, number & 127 | 128, number >> 7)) if number > 127 else bytes((0x08, number))
    about = b"\x08\x01\x12" + bytes((len(kind) + 4,)) + kind + b"\x12\0\x18\0"
    plain = bytes((len(about),)) + about
    block = bytes((len(plain) + 8, (len(plain) - 1) << 2)) + plain + b"\x11\x04"
    return b"\0" + len(block).to_bytes(3, "little") + block


def pages(number: int = 10_000) -> bytes:
    return archive({"Index/Document.iwa": message_archive(number), "Metadata/Properties.plist": b"x" * 500})


def old_pages(root: str = "sl:document") -> bytes:
    return archive({"index.xml": f'<?xml version="1.0"?>\n<{root} xmlns:sl="a">' + "text " * 500})


#: Extension to a genuine file of it.
GENUINE = {
    "jpg": picture("JPEG"),
    "png": picture("PNG"),
    "gif": picture("GIF"),
    "heic": heic(),
    "mov": film(b"qt  "),
    "mp4": film(b"isom", compatible=b"isomiso2mp41"),
    "m4v": film(b"M4V "),
    "m4a": film(b"M4A ", b"soun"),
    "m4b": film(b"M4B ", b"soun"),
    "3gp": film(b"3gp4"),
    "3g2": film(b"3g2a"),
    "mkv": matroska(b"matroska"),
    "wav": streams.wav(),
    "avi": avi(),
    "pdf": pdf(),
    "txt": "Plain words, with an é and a 音.\r\n".encode() * 20,
    "html": b"<!DOCTYPE html>\n<title>Page</title><p>Words</p>\n" * 10,
    "docx": office("docx"),
    "dotx": office("dotx"),
    "xlsx": office("xlsx"),
    "xlsb": office("xlsb"),
    "pptx": office("pptx"),
    "pptm": office("pptm"),
    "odt": open_document("text"),
    "doc": word(),
    "xls": excel(),
    "ppt": powerpoint(),
    "exe": program(),
    "aac": streams.aac(),
    "aiff": streams.form((b"COMM", bytes(18)), (b"SSND", bytes(501))),
    "amr": streams.amr(),
    "mp3": streams.mp3(),
    "mdb": database(),
    "accdb": database(b"ACE", 2),
    "rtf": rich_text(),
    "pages": pages(),
    "tif": picture("TIFF"),
    "psd": photoshop(),
    "pcx": picture("PCX"),
    "bmp": picture("BMP"),
    "wmf": metafile(),
    "flv": streams.flv(),
    "wmv": streams.asf(),
    "mts": streams.transport_stream(time=bytes(4)),
    "mpg": streams.program_stream(),
}
#: What nobody accepts, by the type it is found to be.
NEVER_ACCEPTED = {
    "docm": office("docm"),
    "xlsm": office("xlsm"),
    "ods": open_document("spreadsheet"),
    "zip": archive({"readme.txt": "words"}),
    "pe-dll": program(library=True),
    "elf": b"\x7fELF" + bytes(100),
    "webm": matroska(b"webm"),
    "avif": box(b"ftyp", b"avif", bytes(4)) + box(b"meta", bytes(50)) + box(b"mdat", bytes(50)),
    "webp": picture("WEBP"),
    "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "ole": compound({"Something": b"else"}),
    "asf-audio": streams.asf("F8699E40-5B4D-11CF-A8FD-00805F5C442B"),
    "iwork": pages(1),
}
#: Extensions of formats that do not say where they end, so that a cut cannot be seen.
ENDLESS = frozenset(
    name for name, row in load_formats().extensions.items() if row.holds & identification.ENDLESS
)
