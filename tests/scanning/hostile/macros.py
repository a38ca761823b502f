"""Macros: smuggled, declared, written as sheets, and where a name warns of them."""

from tests.scanning import samples
from tests.scanning.hostile.case import HELD, MISMATCH, UNSAFE, Case, flagged
from tests.scanning.hostile.office import (
    MACRO_PROJECT,
    attached_to_pdf,
    declared,
    odt,
    packed_object,
    sheet,
    slides,
    word,
)

CASES = (
    Case(
        "a document with macros named docx", lambda: samples.office("docm"), "docx", MISMATCH, told="macros"
    ),
    Case(
        "a smuggled macro project",
        lambda: samples.office("docx", {"word/vbaProject.bin": MACRO_PROJECT}),
        "docx",
        UNSAFE,
    ),
    Case(
        "a macro project under another name",
        lambda: declared("application/vnd.ms-office.vbaProject", {"word/x.bin": b"m"}),
        "docx",
        UNSAFE,
    ),
    Case(
        "a macro project that nothing declares",
        lambda: samples.office("docx", {"word/media/image1.png": MACRO_PROJECT}),
        "docx",
        HELD,
        told="macros",
    ),
    Case(
        "a macro sheet of Excel 4 in xlsx",
        lambda: samples.office("xlsx", {"xl/macrosheets/sheet1.xml": "<a/>"}),
        "xlsx",
        UNSAFE,
    ),
    flagged(
        "macros in xlsb",
        lambda: samples.office("xlsb", {"xl/vbaProject.bin": MACRO_PROJECT}),
        "xlsb",
        "macros",
    ),
    flagged(
        "macros in pptm",
        lambda: samples.office("pptm", {"ppt/vbaProject.bin": MACRO_PROJECT}),
        "pptm",
        "macros",
    ),
    flagged("macros in doc", lambda: word(("VBA", b"macro")), "doc", "macros"),
    flagged("a macro sheet in xls", lambda: samples.excel(sheet(1)), "xls", "macros"),
    flagged("macros in ppt", lambda: slides(packed_object(MACRO_PROJECT)), "ppt", "macros"),
    flagged("macros in odt", lambda: odt({"Basic/Standard/Module1.xml": "<a/>"}), "odt", "macros"),
    flagged(
        "a control in docx",
        lambda: samples.office("docx", {"word/activeX/activeX1.bin": b"x"}),
        "docx",
        "controls",
    ),
    Case(
        "a document with macros in a document",
        lambda: samples.office(
            "docx", {"word/embeddings/a.docm": samples.office("docm", {"word/vbaProject.bin": MACRO_PROJECT})}
        ),
        "docx",
        HELD,
        told="macros",
    ),
    Case("a document with macros attached to a PDF", attached_to_pdf, "pdf", HELD, told="macros"),
)
