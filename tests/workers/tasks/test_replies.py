"""What a taken-over child may say, and what becomes of it."""

import pytest
from pydantic import ValidationError

from workers.tasks.replies import Accepted, Inspected, Pages, Pictures, Refused

ACCEPTED = {
    "accepted": True,
    "type": "jpeg",
    "media_type": "text/html",
    "kind": "video",
    "flags": [],
    "facts": {"width": 3, "tracks": {"video": 1}, "brands": ["isom"]},
    "members": [{"name": "a", "file": "1", "size_bytes": 3}],
    "whole": True,
}
REFUSED = {
    **ACCEPTED,
    "accepted": False,
    "type": None,
    "state": "held",
    "code": "held_damaged",
    "detail": {"problem": "cut"},
}
PICTURE = {"file": "a.jpg", "media_type": "image/jpeg", "width": 3, "height": 2}


def test_media_type_and_kind_come_from_our_own_table() -> None:
    found = Inspected.model_validate({"found": ACCEPTED}).found
    assert isinstance(found, Accepted)
    content = found.content()
    assert content
    assert (content.media_type, content.kind) == ("image/jpeg", "image")


def test_a_refusal_keeps_its_words() -> None:
    found = Inspected.model_validate({"found": REFUSED}).found
    assert isinstance(found, Refused)
    assert (found.state, found.detail, found.content()) == ("held", {"problem": "cut"}, None)


PAGES = {"pages": 2, "pages_shown": 1, "file": "document.pdf", "tools": {}}


@pytest.mark.parametrize(
    "reply",
    [
        {},
        None,
        {**ACCEPTED, "type": "rootkit"},
        {**ACCEPTED, "facts": {"width": float("nan")}},
        {**ACCEPTED, "facts": {"tracks": {"video": float("inf")}}},
        {**ACCEPTED, "members": [{"file": 3}]},
        {**ACCEPTED, "members": None},
        {**ACCEPTED, "whole": None},
        {**ACCEPTED, "accepted": "yes"},
        {**REFUSED, "state": "ready"},
        {**REFUSED, "state": "infected"},
        {**REFUSED, "code": "made_up"},
        {**REFUSED, "detail": {"problem": 3}},
    ],
)
def test_what_does_not_fit_is_no_inspection(reply: object) -> None:
    with pytest.raises(ValidationError):
        Inspected.model_validate({"found": reply})


@pytest.mark.parametrize(
    "change",
    [{"media_type": "text/html"}, {"width": 0}, {"width": float("inf")}, {"file": None}, {"height": "3"}],
)
def test_what_does_not_fit_is_no_picture(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Pages.model_validate({**PAGES, "pictures": {"image": {**PICTURE, **change}}})
    with pytest.raises(ValidationError):
        Pictures.model_validate(
            {"width": 3, "height": 2, "tools": {}, "pictures": {"image": {**PICTURE, **change}}}
        )


def test_only_pictures_that_were_asked_for_are_taken() -> None:
    with pytest.raises(ValidationError):
        Pictures.model_validate({"width": 3, "height": 2, "tools": {}, "pictures": {"video": PICTURE}})


def test_pages_that_are_counted_are_taken() -> None:
    assert Pages.model_validate({**PAGES, "pictures": {"image": PICTURE}}).pages_shown == 1
    with pytest.raises(ValidationError):
        Pages.model_validate({**PAGES, "pictures": {}, "pages": 0})
