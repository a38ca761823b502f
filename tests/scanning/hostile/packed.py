"""Programs and other files packed into documents."""

from tests.scanning import samples
from tests.scanning.hostile.case import HELD, UNSAFE, Case, flagged
from tests.scanning.hostile.office import (
    EXE,
    native,
    obfuscated_rtf_object,
    odt,
    ole_object,
    packed_object,
    rich_text,
    rtf_object,
    slides,
    word,
    workbook,
)

CASES = (
    Case(
        "two million objects in rtf",
        lambda: rich_text(b"{\\object{\\*\\objdata 0105}}" * (2 << 20)),
        "rtf",
        UNSAFE,
    ),
    Case(
        "objects of rtf in one another",
        lambda: rich_text(b"\\objdata " * 200 + b"00" * (20 << 20)),
        "rtf",
        HELD,
    ),
    Case(
        "a program packed into docx",
        lambda: samples.office("docx", {"word/embeddings/oleObject1.bin": ole_object(EXE)}),
        "docx",
        HELD,
        told="program",
    ),
    Case(
        "a program as a part of docx",
        lambda: samples.office("docx", {"word/media/image1.png": EXE}),
        "docx",
        HELD,
        told="program",
    ),
    Case(
        "a shortcut packed into pptx",
        lambda: samples.office(
            "pptx", {"ppt/embeddings/oleObject1.bin": ole_object(b"L\0\0\0\x01\x14\x02\0" + bytes(50))}
        ),
        "pptx",
        HELD,
        told="program",
    ),
    Case(
        "a script packed into xlsx",
        lambda: samples.office(
            "xlsx",
            {
                "xl/embeddings/oleObject1.bin": samples.compound(
                    {"\x01Ole10Native": native(b"WScript.Echo 1", b"notes.vbs")}
                )
            },
        ),
        "xlsx",
        HELD,
        told="program",
    ),
    Case(
        "a program packed into doc",
        lambda: word(("\x01Ole10Native", native(EXE))),
        "doc",
        HELD,
        told="program",
    ),
    Case(
        "a program packed into xls",
        lambda: samples.compound({"Workbook": workbook(), "\x01Ole10Native": native(EXE)}),
        "xls",
        HELD,
        told="program",
    ),
    Case(
        "a program packed into ppt",
        lambda: slides(packed_object(ole_object(EXE))),
        "ppt",
        HELD,
        told="program",
    ),
    Case("a program packed into rtf", lambda: rich_text(rtf_object(EXE)), "rtf", HELD, told="program"),
    Case(
        "a program packed into rtf in disguise",
        lambda: rich_text(obfuscated_rtf_object(EXE)),
        "rtf",
        HELD,
        told="program",
    ),
    Case(
        "a program in a package in a document in a rtf",
        lambda: rich_text(
            rtf_object(
                samples.office("docx", {"word/embeddings/oleObject1.bin": ole_object(EXE)}),
                b"Word.Document.12",
            )
        ),
        "rtf",
        HELD,
        told="program",
    ),
    Case(
        "a program packed into odt", lambda: odt({"Object 1": ole_object(EXE)}), "odt", HELD, told="program"
    ),
    flagged(
        "a sheet embedded in docx",
        lambda: samples.office("docx", {"word/embeddings/a.xlsx": samples.office("xlsx")}),
        "docx",
        "attachments",
    ),
    flagged("an object in rtf", lambda: rich_text(rtf_object(b"plain words")), "rtf", "attachments"),
)
