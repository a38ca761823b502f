"""PDFs that run, start, hide or carry something."""

import io
import struct
import zlib
from collections.abc import Callable

import pikepdf
from pikepdf import Array, Dictionary, Name

from tests.scanning import samples
from tests.scanning.hostile.case import HELD, LOCKED, UNSAFE, Case, flagged

MIB = 1 << 20


def pdf(change: Callable[[pikepdf.Pdf], object], **save: object) -> bytes:
    buffer = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        change(document)
        document.save(buffer, **save)
    return buffer.getvalue()


def action(**keys: object) -> bytes:
    return pdf(lambda document: document.Root.__setattr__("OpenAction", Dictionary(**keys)))


def form() -> bytes:
    def add(document: pikepdf.Pdf) -> None:
        document.Root.AcroForm = Dictionary(XFA=document.make_stream(b"<xdp/>"), Fields=Array())

    return pdf(add)


def script_in_an_object_stream() -> bytes:
    def add(document: pikepdf.Pdf) -> None:
        document.Root.Names = Dictionary(
            JavaScript=Dictionary(Names=Array(["a", Dictionary(JS="app.alert(1)")]))
        )

    return pdf(add, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def stored_oddly() -> bytes:
    def add(document: pikepdf.Pdf) -> None:
        stream = document.make_stream(samples.program().hex().encode(), Type=Name.EmbeddedFile)
        stream.Filter = Name.ASCIIHexDecode
        document.Root.Hidden = document.make_indirect(stream)

    return pdf(add, compress_streams=False)


def attached_bomb() -> bytes:
    """Two layers of compression: two kilobytes that become two gigabytes."""
    packer = zlib.compressobj(9)
    inner = b"".join([*(packer.compress(bytes(16 * MIB)) for _ in range(128)), packer.flush()])

    def add(document: pikepdf.Pdf) -> None:
        stream = document.make_stream(zlib.compress(inner, 9), Type=Name.EmbeddedFile)
        stream.Filter = Array([Name.FlateDecode, Name.FlateDecode])
        document.Root.Hidden = document.make_indirect(stream)

    return pdf(add, compress_streams=False)


def written(objects: list[bytes]) -> bytes:
    """A PDF of numbered objects, written as they are, the first of which is its root."""
    out, places = b"%PDF-1.5\n", []
    pieces = [out]
    at = len(out)
    for number, each in enumerate(objects, 1):
        places.append(at)
        pieces.append(b"%d 0 obj%sendobj\n" % (number, each))
        at += len(pieces[-1])
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    table = b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Root 1 0 R/Size %d>>\n" % (size, rows, size)
    return b"".join(pieces) + table + b"startxref\n%d\n%%%%EOF\n" % at


ROOT = [
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
]


def crowded() -> bytes:
    return written([*ROOT, *[b"<</A 1>>"] * 300_000])


def long_array() -> bytes:
    return written([*ROOT, b"[" + b"1 " * (40 * MIB) + b"]"])


def object_stream_bomb() -> bytes:
    """Objects in a stream of a megabyte that unpacks to a thousand: what they do would not be seen."""
    count = 100
    head = b" ".join(b"%d %d" % (10 + number, number * 10) for number in range(count)) + b"\n"
    packer = zlib.compressobj(9)
    packed = packer.compress(head + b"<</A 1>>  " * count)
    packed += b"".join(packer.compress(bytes(16 * MIB)) for _ in range(60)) + packer.flush()
    stream = b"<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>stream\n" % (
        count,
        len(head),
        len(packed),
    )
    return with_cross_reference([*ROOT, stream + packed + b"\nendstream "], count)


def with_cross_reference(objects: list[bytes], packed: int) -> bytes:
    """A PDF of which so many objects, from number 10 on, lie packed in the last one."""
    body = b"%PDF-1.5\n"
    rows = struct.pack(">BIH", 0, 0, 65535)
    for number, each in enumerate(objects, 1):
        rows += struct.pack(">BIH", 1, len(body), 0)
        body += b"%d 0 obj%sendobj\n" % (number, each)
    rows += b"".join(struct.pack(">BIH", 2, len(objects), number) for number in range(packed))
    count = len(objects) + 1
    head = b"9 0 obj<</Type/XRef/W[1 4 2]/Index[0 %d 10 %d]/Size %d/Root 1 0 R/Length %d>>stream\n" % (
        count,
        packed,
        10 + packed,
        len(rows),
    )
    return body + head + rows + b"\nendstream endobj\nstartxref\n%d\n%%%%EOF\n" % len(body)


def locked(user: str) -> bytes:
    return samples.pdf(encryption=pikepdf.Encryption(owner="owner", user=user))


CASES = (
    flagged(
        "a PDF that runs a script", lambda: action(S=Name.JavaScript, JS="app.alert(1)"), "pdf", "javascript"
    ),
    flagged("the same, in an object stream", script_in_an_object_stream, "pdf", "javascript"),
    flagged("a PDF that starts a program", lambda: action(S=Name.Launch, F="cmd.exe"), "pdf", "launch"),
    flagged("a PDF with a form in XML", form, "pdf", "xfa"),
    flagged("words attached to a PDF", lambda: samples.pdf_with_attachment(b"words"), "pdf", "attachments"),
    Case(
        "a program attached to a PDF",
        lambda: samples.pdf_with_attachment(samples.program()),
        "pdf",
        HELD,
        told="program",
    ),
    Case(
        "a program in a document attached to a PDF",
        lambda: samples.pdf_with_attachment(samples.office("docx", {"word/a.bin": samples.program()})),
        "pdf",
        HELD,
        told="program",
    ),
    Case("an attachment stored in digits", stored_oddly, "pdf", HELD, told="unusual"),
    Case("an attachment that unpacks to gigabytes", attached_bomb, "pdf", UNSAFE, told="unpacks"),
    Case("a PDF of 300,000 objects", crowded, "pdf", HELD),
    Case("a PDF with a list of forty million numbers", long_array, "pdf", "held_damaged", told="part"),
    Case("a PDF whose objects unpack to a gigabyte", object_stream_bomb, "pdf", "held_damaged", told="part"),
    Case("a PDF with a password", lambda: locked("user"), "pdf", LOCKED),
    flagged("a PDF that only its owner may change", lambda: locked(""), "pdf", "restricted"),
    Case(
        "a script before a PDF",
        lambda: b"<script>alert(1)</script>\n" + samples.pdf(),
        "html",
        "content_mismatch",
    ),
    Case("words before a PDF", lambda: b"words\n" * 20 + samples.pdf(), "pdf", HELD, told="before"),
    Case(
        "an archive behind a PDF",
        lambda: samples.pdf() + samples.archive({"a": "b"}),
        "pdf",
        HELD,
        told="archive",
    ),
    Case("an archive named as a PDF", lambda: samples.archive({"a": "b"}), "pdf", "content_mismatch"),
)
