from pathlib import Path
from typing import Any

from tests.contact_sheet.page import CARD, HEAD, Card, make_page, size_of_page


def evidence(name: str, state: str = "ready", **more: Any) -> dict[str, Any]:
    told = {
        "filename": name,
        "state": state,
        "reason": None,
        "no_preview": None,
        "pages": None,
        "renditions": [],
    }
    return told | more


def rendition(kind: str, media_type: str) -> dict[str, Any]:
    return {"kind": kind, "media_type": media_type, "size_bytes": 1234, "width": None}


def test_each_rendition_is_shown_as_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "document.plain").write_text("<script>")
    files = {"image": Path("image.jpeg"), "document": Path("document.plain")}
    rows = [rendition("image", "image/jpeg"), rendition("document", "text/plain; charset=utf-8")]
    page = make_page([Card(evidence("a.jpg", renditions=rows), files)], tmp_path)
    assert '<img src="image.jpeg">' in page
    assert "<pre>&lt;script&gt;</pre>" in page


def test_what_is_not_shown_says_why(tmp_path: Path) -> None:
    missing = {"code": "tool_missing", "reason": "no program"}
    page = make_page([Card(evidence("<b>.docx", no_preview=missing), {})], tmp_path)
    assert "&lt;b&gt;.docx" in page
    assert 'class="unseen"' in page
    assert "no program" in page


def test_the_page_has_room_for_all(tmp_path: Path) -> None:
    cards = [Card(evidence("a"), {})] * 6
    assert size_of_page(cards)[1] >= 2 * CARD[1] + HEAD
