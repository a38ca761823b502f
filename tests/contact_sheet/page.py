"""One HTML page that shows every rendition beside the name of its original. Pure, but for reading text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

COLUMNS = 5
#: Pixels of one card with its margin, and of what stands above the cards.
CARD = (330, 470)
HEAD = 60
#: What is shown of plain text.
MOST_CHARACTERS = 700
STYLE = f"""
body {{ margin: 0; padding: 10px; font: 12px sans-serif; background: #777; width: {COLUMNS * CARD[0]}px }}
h1 {{ height: {HEAD - 20}px; margin: 0; color: white }}
main {{ display: flex; flex-wrap: wrap }}
article {{ width: {CARD[0] - 20}px; height: {CARD[1] - 20}px; margin: 5px; padding: 5px; background: white;
    overflow: hidden; box-sizing: border-box; border-top: 5px solid #393 }}
article.not-ready {{ border-color: #c33 }}
article.unseen {{ border-color: #c90 }}
h2 {{ font-size: 14px; margin: 0 }}
img, video, audio {{ max-width: 100%; max-height: 170px; display: block; margin: 3px 0;
    outline: 1px solid #ccc; background: repeating-conic-gradient(#ddd 0% 25%, white 0% 50%) 0 / 16px 16px }}
pre {{ font-size: 9px; white-space: pre-wrap; max-height: 260px; overflow: hidden;
    background: #eee; margin: 3px 0 }}
"""


@dataclass(frozen=True, slots=True)
class Card:
    """One piece of evidence, and its renditions as files."""

    evidence: Mapping[str, Any]
    #: By kind; relative to the page.
    files: Mapping[str, Path]


def make_page(cards: Sequence[Card], folder: Path) -> str:
    """Return the page that lies in `folder`."""
    shown = "".join(_card(card, folder) for card in cards)
    ready = sum(card.evidence["state"] == "ready" for card in cards)
    return (
        f"<!DOCTYPE html><meta charset=utf-8><title>Contact sheet</title><style>{STYLE}</style>"
        f"<h1>{len(cards)} originals, {ready} ready</h1><main>{shown}</main>"
    )


def size_of_page(cards: Sequence[Card]) -> tuple[int, int]:
    """Return the pixels that the page takes."""
    rows = -(-len(cards) // COLUMNS)
    return COLUMNS * CARD[0] + 20, rows * CARD[1] + HEAD + 40


def _card(card: Card, folder: Path) -> str:
    evidence = card.evidence
    looks = "" if card.files else "unseen" if evidence["state"] == "ready" else "not-ready"
    said = evidence["reason"] or (evidence["no_preview"] or {}).get("reason") or ""
    shown = "".join(_rendition(row, card.files[row["kind"]], folder) for row in evidence["renditions"])
    pages = f", {evidence['pages']} pages" if evidence["pages"] else ""
    return (
        f'<article class="{looks}"><h2>{escape(evidence["filename"])}</h2>'
        f"{evidence['state']}{pages} {escape(said)}{shown}</article>"
    )


def _rendition(row: Mapping[str, Any], file: Path, folder: Path) -> str:
    size = f" {row['width']} x {row['height']}" if row["width"] else ""
    show = SHOWN.get(row["media_type"].partition("/")[0], _link)
    return f"<div>{row['kind']}{size}, {row['size_bytes']:,} B{show(file, folder)}</div>"


def _image(file: Path, _: Path) -> str:
    return f'<img src="{file}">'


def _video(file: Path, _: Path) -> str:
    return f'<video controls preload=metadata src="{file}"></video>'


def _audio(file: Path, _: Path) -> str:
    return f'<audio controls src="{file}"></audio>'


def _text(file: Path, folder: Path) -> str:
    return f"<pre>{escape((folder / file).read_text()[:MOST_CHARACTERS])}</pre>"


def _link(file: Path, _: Path) -> str:
    return f' <a href="{file}">{file.name}</a>'


#: How a rendition is shown, by the first half of its media type.
SHOWN: Mapping[str, Callable[[Path, Path], str]] = {
    "image": _image,
    "video": _video,
    "audio": _audio,
    "text": _text,
}
