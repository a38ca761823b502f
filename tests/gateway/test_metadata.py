"""The Upload-Metadata header and the names people give files."""

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.problems import Problem
from gateway.uploads.metadata import LONGEST_NAME, clean_name, filename_of, parse_metadata


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_pairs_are_parsed_and_values_may_be_empty_or_missing() -> None:
    header = f"filename {encoded('dance.mov')},empty ,is_confidential"
    assert parse_metadata(header) == {"filename": b"dance.mov", "empty": b"", "is_confidential": b""}


def test_no_header_is_no_metadata() -> None:
    assert parse_metadata("") == {}


@pytest.mark.parametrize(
    "header",
    ["a YQ==,a YQ==", " ,", "a YQ==,,b YQ==", "a not-base64!", "ключ YQ==", "a YQ==\x00", "a Y Q==", "a YQ"],
)
def test_malformed_pairs_are_refused(header: str) -> None:
    with pytest.raises(Problem) as refused:
        parse_metadata(header)
    assert refused.value.status == 400


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=60))
def test_any_header_is_parsed_or_refused(header: str) -> None:
    with suppress(Problem):
        assert isinstance(parse_metadata(header), dict)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("dance.mov", "dance.mov"),
        ("../../etc/passwd", "passwd"),
        (r"C:\Users\me\dance.mov", "dance.mov"),
        ("a\x00b.pdf", "ab.pdf"),
        ("a\nb\r.pdf", "ab.pdf"),
        ("report\u202efdp.exe", "reportfdp.exe"),
        ("Pru\u0308fung.pdf", "Prüfung.pdf"),
        ("  spaced name.txt ", "spaced name.txt"),
        ("..", None),
        ("", None),
        ("///", None),
    ],
)
def test_hostile_names_lose_what_makes_them_hostile(name: str, kept: str | None) -> None:
    assert clean_name(name) == kept


def test_a_name_of_4000_characters_is_shortened_and_keeps_its_extension() -> None:
    kept = clean_name("x" * 4000 + ".pdf")
    assert kept is not None
    assert len(kept) <= LONGEST_NAME
    assert kept.endswith(".pdf")


@given(st.text(max_size=400))
def test_no_name_keeps_a_separator_or_a_control_character(name: str) -> None:
    kept = clean_name(name)
    assert kept is None or not set(kept) & set("/\\\0\n\r\u202e\u2066")


def test_bytes_that_are_no_utf8_make_a_name_all_the_same() -> None:
    assert filename_of({"filename": b"caf\xe9.pdf"}) == "caf\N{REPLACEMENT CHARACTER}.pdf"
