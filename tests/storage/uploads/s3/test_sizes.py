from hypothesis import given
from hypothesis import strategies as st

from config.formats import load_formats
from storage.s3 import MOST_PARTS
from storage.uploads.s3.sizes import GROWING, equal

GIB = 1 << 30


def test_the_largest_upload_leaves_most_numbers_to_be_wasted():
    assert GROWING.count(max(row.accept_bytes for row in load_formats().extensions.values())) < MOST_PARTS / 3


def test_eight_hundred_gibibytes_still_fit():
    assert GROWING.count(800 * GIB) <= MOST_PARTS


@given(st.integers(0, 900 * GIB))
def test_parts_are_counted_as_they_are_cut(length):
    at = parts = 0
    while at < length:
        end = min([length, *(first for first, _ in GROWING.steps if first > at)])
        some = -(-(end - at) // GROWING.at(at))
        at, parts = at + some * GROWING.at(at), parts + some
    assert GROWING.count(length) == parts


def test_every_part_but_the_last_is_of_a_legal_size_and_sizes_change_between_parts():
    begins = [first for first, _ in GROWING.steps]
    assert all(5 << 20 <= size <= 5 << 30 for _, size in GROWING.steps)
    for begin, (first, size) in zip(begins[1:], GROWING.steps, strict=False):
        assert (begin - first) % size == 0


def test_equal_parts_are_equal():
    assert {equal(7 << 20).at(offset) for offset in (0, 1, GIB, 100 * GIB)} == {7 << 20}
    assert equal(7 << 20).count(3 * (7 << 20) + 1) == 4
