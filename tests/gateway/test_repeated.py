"""What counts as a repetition, and when two bodies are the same."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.uploads.holding import Refused
from gateway.uploads.repeated import is_repetition, is_same


@given(st.lists(st.binary(max_size=5)), st.lists(st.binary(min_size=1, max_size=5)), st.booleans())
def test_bodies_are_the_same_exactly_when_their_bytes_are(stored, pieces, equal) -> None:
    if equal:
        pieces = [bytes([byte]) for byte in b"".join(stored)]

    rest = list(pieces)

    async def read() -> bytes:
        return rest.pop(0) if rest else b""

    async def yield_stored() -> AsyncIterator[bytes]:
        for piece in stored:
            yield piece

    same = asyncio.run(is_same(read, yield_stored()))
    assert same == (b"".join(stored) == b"".join(pieces))


@pytest.mark.parametrize(
    ("provided", "body_bytes", "offset", "sending", "repetition"),
    [
        (0, 10, 0, True, True),
        (0, 10, 5, True, True),
        (0, 10, 10, True, True),
        (0, 10, 10, False, True),
        (0, 10, 5, False, False),
        (0, 9, 5, True, False),
        (6, 4, 5, True, False),
        (10, 0, 5, True, False),
        (0, None, 5, True, False),
    ],
)
def test_what_may_be_a_repetition(provided, body_bytes, offset, sending, repetition) -> None:
    assert is_repetition(body_bytes, 10, Refused(offset, provided, sending=sending)) is repetition
    assert not is_repetition(body_bytes, None, Refused(offset, provided, sending=sending))
