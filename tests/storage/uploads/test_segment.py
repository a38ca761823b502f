from hypothesis import given
from hypothesis import strategies as st

from storage.uploads.segment import _skip


@given(st.lists(st.binary(min_size=1, max_size=5), max_size=6), st.data())
def test_after_any_short_write_exactly_the_rest_remains(chunks, data):
    start = data.draw(st.integers(0, len(chunks)))
    whole = b"".join(chunks[start:])
    written = data.draw(st.integers(0, len(whole)))
    rest = [memoryview(chunk) for chunk in chunks]
    start = _skip(rest, start, written)
    assert b"".join(rest[start:]) == whole[written:]
    assert written < len(whole) or start == len(chunks)
