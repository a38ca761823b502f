import os
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanning.errors import ScanError
from scanning.windows import Window, WindowPolicy, open_window, plan_windows
from tests.scanning.waiting import open_descriptors


@given(st.integers(1, 10_000), st.integers(2, 500), st.integers(0, 400))
def test_windows_cover_every_stretch_up_to_overlap_plus_one(size, window, overlap):
    policy = WindowPolicy(10_000, window, min(overlap, window - 1))
    windows = plan_windows(size, policy)
    assert windows[0].offset == 0
    assert windows[-1].offset + windows[-1].length == size
    assert all(0 < each.length <= window for each in windows)
    for before, after in pairwise(windows):
        assert before.offset + before.length - after.offset == policy.overlap_bytes


def test_a_file_no_longer_than_a_window_needs_one():
    assert plan_windows(100, WindowPolicy(1000, 100, 10)) == (Window(0, 100),)


@pytest.mark.parametrize(("whole", "window", "overlap"), [(10, 20, 1), (100, 10, 10), (100, 10, -1)])
def test_senseless_policies_are_refused(whole, window, overlap):
    with pytest.raises(ValueError, match="windows must be"):
        WindowPolicy(whole, window, overlap)


async def test_a_window_holds_exactly_its_bytes(tmp_path):
    (tmp_path / "f").write_bytes(bytes(range(256)) * 100)
    async with open_window(tmp_path / "f", Window(300, 1000), 5) as descriptor:
        assert os.pread(descriptor, 5000, 0) == (bytes(range(256)) * 100)[300:1300]


async def test_a_file_that_shrank_is_an_error_and_leaks_no_descriptor(tmp_path):
    (tmp_path / "f").write_bytes(b"short")
    before = open_descriptors()
    with pytest.raises(ScanError, match="ended 15 bytes early"):
        async with open_window(tmp_path / "f", Window(0, 20), 5):
            pass
    assert open_descriptors() == before
