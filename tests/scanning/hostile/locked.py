"""Documents with passwords, and documents that are not what they say."""

from tests.scanning import samples
from tests.scanning.hostile.case import DAMAGED, HELD, LOCKED, MISMATCH, Case
from tests.scanning.hostile.office import (
    EXE,
    LOCKED_ENTRY,
    locked_pdf_inside,
    odt,
    scrambled_database,
)

CASES = (
    Case(
        "docx with a password",
        lambda: samples.compound({"EncryptionInfo": b"x", "EncryptedPackage": b"y"}),
        "docx",
        LOCKED,
    ),
    Case(
        "xlsb with a password",
        lambda: samples.compound({"EncryptionInfo": b"x", "EncryptedPackage": b"y"}),
        "xlsb",
        LOCKED,
    ),
    Case("doc with a password", lambda: samples.word(flags=0x0100), "doc", LOCKED),
    Case("xls with a password", lambda: samples.excel((0x002F, bytes(6))), "xls", LOCKED),
    Case("ppt with a password", lambda: samples.powerpoint(0xF3D1C4DF), "ppt", LOCKED),
    Case("odt with a password", lambda: odt({}, LOCKED_ENTRY), "odt", LOCKED),
    Case(
        "odt with a password, in one package",
        lambda: samples.archive(
            {
                "mimetype": "application/vnd.oasis.opendocument.text",
                "encrypted-package": "x",
                "META-INF/manifest.xml": LOCKED_ENTRY,
            }
        ),
        "odt",
        LOCKED,
    ),
    Case(
        "pages with a password",
        lambda: samples.archive({"Index/Document.iwa": samples.message_archive(10_000), ".iwpv2": "x"}),
        "pages",
        LOCKED,
    ),
    Case("a database with a password", scrambled_database, "mdb", LOCKED),
    Case("a PDF with a password in pptx", locked_pdf_inside, "pptx", HELD, told="password"),
    Case(
        "docx without its main part",
        lambda: samples.archive(
            {
                name: part
                for name, part in samples.office_members("docx").items()
                if name != "word/document.xml"
            }
        ),
        "docx",
        DAMAGED,
    ),
    Case(
        "a plain compound file named doc", lambda: samples.compound({"Something": b"else"}), "doc", MISMATCH
    ),
    Case("a program named docx", lambda: EXE, "docx", MISMATCH, told="program"),
    Case(
        "a spreadsheet of LibreOffice under no accepted name",
        lambda: samples.open_document("spreadsheet"),
        "xlsx",
        MISMATCH,
    ),
)
