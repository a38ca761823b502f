"""Text and web pages as plain text, which no browser runs. Runs inside a sandboxed Python child."""

import codecs
import platform
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from transcode.plain import save_text

#: Marks at the start that say how text is stored (Unicode 16, 23.8); the longer ones first.
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
#: What a page may say of its own encoding (WHATWG Encoding, 4.2), as Python calls it.
DECLARABLE = frozenset({
    "utf-8", "iso8859-1", "iso8859-2", "iso8859-5", "iso8859-7", "iso8859-9", "iso8859-15", "cp1250",
    "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "koi8-r", "koi8-u",
    "gbk", "gb2312", "gb18030", "big5", "euc_jp", "shift_jis", "euc_kr",
})  # fmt: skip
DECLARED = re.compile(rb"(?i)<meta[^>]{1,200}?charset=[\"']?\s*([a-z0-9_:-]{2,20})")
#: A declaration further on does not count (HTML, 4.2.5.4).
DECLARATION_BYTES = 1024
FALLBACK = "cp1252"
#: What is inside these is not for readers.
HIDDEN = frozenset({"script", "style", "template"})
#: These start on a line of their own.
BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "br", "caption", "dd", "div", "dl", "dt", "fieldset",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav",
    "ol", "p", "pre", "section", "table", "title", "tr", "ul",
})  # fmt: skip
CELLS = frozenset({"td", "th"})


def render(input_path: Path, folder: Path, *, markup: bool, most_bytes: int) -> dict[str, Any]:
    """Write what a reader would read of the first `most_bytes`, as UTF-8; `markup`: of a web page.

    Returns what `save_text` does, and `tools`.
    """
    with input_path.open("rb") as file:
        start = file.read(most_bytes)
        more = bool(file.read(1))
    words = decode(start, markup=markup)
    saved = save_text(text_of(words) if markup else words, folder, most_bytes=most_bytes, more=more)
    return {**saved, "tools": {"Python": platform.python_version()}}


def decode(content: bytes, *, markup: bool = False) -> str:
    """Return the text by its mark, else as UTF-8, else as a page says of itself, else as Windows-1252."""
    for mark, name in MARKS.items():
        if content.startswith(mark):
            return content[len(mark) :].decode(name, errors="replace")
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(content)  # the last character may be cut
    except UnicodeDecodeError:
        name = (markup and _declared(content)) or FALLBACK
        return content.decode(name, errors="replace")


def _declared(content: bytes) -> str | None:
    found = DECLARED.search(content[:DECLARATION_BYTES])
    if not found:
        return None
    try:
        name = codecs.lookup(found[1].decode()).name
    except LookupError:
        return None
    return name if name in DECLARABLE else None


def text_of(page: str) -> str:
    """Return the words of a web page, a line for each of its blocks."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    lines = (_squeeze(line) for line in "".join(reader.said).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _squeeze(line: str) -> str:
    """Return a line with single spaces, and a tab between cells."""
    cells = (" ".join(cell.split()) for cell in line.split("\t"))
    return "\t".join(cells).strip()


class _Reader(HTMLParser):
    """Gathers the words, and nothing that is hidden."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._hidden_by: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """Begin a line, a cell, or what is hidden."""
        if self._hidden_by is None and tag in HIDDEN:
            self._hidden_by = tag
        self.said.append("\n" if tag in BLOCKS else "\t" if tag in CELLS else "")

    def handle_endtag(self, tag: str) -> None:
        """End a line, or what was hidden."""
        if tag == self._hidden_by:
            self._hidden_by = None
        self.said.append("\n" if tag in BLOCKS else "")

    def handle_data(self, data: str) -> None:
        """Keep what is seen; the source's own line ends are mere space (HTML, 13.2.6.4.7)."""
        if self._hidden_by is None:
            self.said.append(data.replace("\n", " "))
