"""PDFs that run, start, hide or carry something."""

import io
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
