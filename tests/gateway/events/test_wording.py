"""Server-sent events as text, and their ids."""

import base64
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.events.cursor import format_cursor, parse_cursor
from gateway.events.wording import format_data, format_event, format_opening
from gateway.problems import Problem


def test_an_event_is_three_lines_and_an_empty_one() -> None:
    assert format_event("evidence", b"{}", "7") == b"event: evidence\nid: 7\ndata: {}\n\n"
    assert format_event("progress", b"{}") == b"event: progress\ndata: {}\n\n"


def test_a_stream_opens_with_an_id_that_is_no_event() -> None:
    assert format_opening("x") == b"retry: 2000\nid: x\n\n"
    assert format_opening(None) == b"retry: 2000\n\n"


@given(st.dictionaries(st.text(), st.text()))
def test_data_is_one_line_whatever_is_in_it(value: dict[str, str]) -> None:
    assert not {b"\n"[0], b"\r"[0]} & set(format_data(value))


@given(st.integers(0, 10**16 - 1))
def test_a_cursor_is_read_as_it_was_written(microseconds: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    assert parse_cursor(format_cursor(moment)) == moment


@given(st.text() | st.binary().map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_what_is_no_cursor_is_refused_and_nothing_else_happens(text: str) -> None:
    with suppress(Problem):
        assert format_cursor(parse_cursor(text)) == text


@pytest.mark.parametrize("digits", ["", "-1", "1.5", "9" * 17, "1e3", " 1", "1\n"])
def test_a_cursor_holds_digits_only(digits: str) -> None:
    with pytest.raises(Problem) as raised:
        parse_cursor(base64.urlsafe_b64encode(digits.encode()).decode().rstrip("="))
    assert (raised.value.status, raised.value.code) == (400, "invalid_header")
