"""Byte ranges (RFC 9110, section 14)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http_range import Span, Unsatisfiable, is_unchanged, parse_range, range_applies


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-0", Span(0, 0)),
        ("bytes=2-5", Span(2, 5)),
        ("bytes=5-", Span(5, 9)),
        ("bytes=-3", Span(7, 9)),
        ("bytes=-30", Span(0, 9)),
        ("bytes=8-99", Span(8, 9)),
        (None, None),
        ("bytes=", None),
        ("bytes=5-2", None),
        ("bytes=0-1,3-4", None),
        ("pages=1-2", None),
        ("bytes=a-b", None),
        ("BYTES=0-1", Span(0, 1)),
        ("bytes=" + "9" * 5000 + "-", None),
        ("bytes=-" + "9" * 5000, None),
        ("bytes=0-" + "9" * 18, Span(0, 9)),
    ],
)
def test_single_ranges_are_served_and_others_ignored(header: str | None, span: Span | None) -> None:
    assert parse_range(header, 10) == span


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_range_outside_the_file_is_unsatisfiable(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(header, 10)


def test_an_empty_file_satisfies_no_range() -> None:
    with pytest.raises(Unsatisfiable):
        parse_range("bytes=0-", 0)


@given(st.integers(0, 100), st.integers(0, 100), st.integers(1, 50))
def test_every_range_lies_inside_the_file(first: int, last: int, size: int) -> None:
    try:
        span = parse_range(f"bytes={first}-{last}", size)
    except Unsatisfiable:
        assert first >= size
        return
    if span is not None:
        assert 0 <= span.first <= span.last < size


def test_only_an_equal_strong_tag_lets_a_range_through() -> None:
    assert range_applies(None, '"a"')
    assert range_applies('"a"', '"a"')
    assert not range_applies('W/"a"', '"a"')
    assert not range_applies("Sat, 21 Nov 2026 20:00:00 GMT", '"a"')


@pytest.mark.parametrize("sent", ['"a"', 'W/"a"', '"x", "a"', '"x" ,W/"a","y"', "*", ' "a" '])
def test_a_tag_among_those_the_client_has_is_compared_weakly(sent: str) -> None:
    assert is_unchanged(sent, '"a"')


@pytest.mark.parametrize("sent", [None, "", '"b"', "a", '"x", W/"y"', '"a', 'a"b"'])
def test_other_tags_are_not_ours(sent: str | None) -> None:
    assert not is_unchanged(sent, '"a"')
