import pytest

from config.formats import load_formats
from config.reasons import load_reasons
from scanning import acceptance
from scanning.acceptance import Accepted, Refused, decide
from scanning.findings import Checked, Finding, Problem

FORMATS = load_formats()
CHECKED = frozenset({"jpeg", "pdf", "docx", "zip", "mp4", "m4a", "pe-exe", "mpegps"})


def finding(name: str, *codes: str, may_be: frozenset[str] = frozenset()) -> Finding:
    return Finding(name, Checked(problems=tuple(Problem(code, code) for code in codes)), may_be)


CASES = [
    ("jpg", finding("jpeg"), "accepted"),
    ("jfif", finding("jpeg"), "accepted"),
    ("m4a", finding("mp4"), "accepted"),
    (None, finding("jpeg"), "accepted"),
    ("mp4", finding("m4a"), "accepted"),
    ("mp4", finding("m4v"), "accepted"),
    ("mp4", finding("3gp"), "accepted"),
    ("mp4", finding("quicktime"), "content_mismatch"),
    ("mov", finding("mp4"), "content_mismatch"),
    ("3gp", finding("mp4"), "content_mismatch"),
    ("jpg", finding("pe-exe"), "content_mismatch"),
    ("mp3", finding("pe-exe"), "content_mismatch"),
    (None, finding("zip"), "content_not_accepted"),
    (None, None, "content_unknown"),
    ("jpg", None, "content_unknown"),
    ("mp3", None, "held_unchecked_format"),
    # One of the types that .mpg holds has a detector here, the others have none.
    ("mpg", None, "held_unchecked_format"),
    ("pdf", finding("pdf", "damaged"), "damaged"),
    ("pdf", finding("pdf", "held_suspicious", "encrypted"), "encrypted"),
    ("pdf", finding("pdf", "held_damaged", "held_suspicious"), "held_suspicious"),
    ("pdf", finding("pdf", "damaged", "unsafe_content"), "unsafe_content"),
    # What a file is counts before what is wrong with it.
    ("jpg", finding("pdf", "encrypted"), "content_mismatch"),
    ("docx", finding("zip", "damaged", may_be=frozenset({"docx"})), "damaged"),
    ("jpg", finding("zip", "damaged", may_be=frozenset({"docx"})), "content_mismatch"),
    (None, finding("zip", "damaged", may_be=frozenset({"docx"})), "damaged"),
]


@pytest.mark.parametrize(("extension", "found", "expected"), CASES)
def test_name_and_content_decide_as_the_table_says(extension, found, expected):
    decision = decide(FORMATS, CHECKED, extension, found)
    if expected == "accepted":
        assert isinstance(decision, Accepted)
    else:
        assert isinstance(decision, Refused)
        assert decision.code == expected
        assert decision.state == ("held" if expected.startswith("held") else "rejected")
        assert "…" not in "".join(load_reasons()[decision.code].told(decision.detail))


def test_an_accepted_file_has_its_type_and_sorted_flags():
    found = Finding("pdf", Checked(flags=frozenset({"restricted", "attachments"})))
    assert decide(FORMATS, CHECKED, "pdf", found) == Accepted(
        "pdf", "application/pdf", "document", ("attachments", "restricted")
    )


def test_a_container_that_hides_what_it_is_is_never_accepted_without_a_problem():
    assert isinstance(decide(FORMATS, CHECKED, "docx", finding("zip", may_be=frozenset({"docx"}))), Refused)


def test_every_problem_has_a_reason():
    assert load_reasons().keys() >= set(acceptance._STATES)
