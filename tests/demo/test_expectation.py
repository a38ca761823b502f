"""The table that the demo is judged by."""

from pathlib import Path

from tests.demo.board import human
from tests.demo.expectation import EXPECTATIONS, judge
from tests.demo.journey import Journey
from tests.samples.folder import make_samples


def journey(name: str, state: str, code: str | None = None) -> Journey:
    return Journey(name, Path(name), {"state": state, "code": code}, 1.0)


def test_every_sample_has_a_row(tmp_path: Path) -> None:
    assert set(make_samples(tmp_path)) == set(EXPECTATIONS)


def test_exactly_one_upload_is_cut() -> None:
    assert [name for name, row in EXPECTATIONS.items() if row.cut] == ["dance.mp4"]


async def test_wrong_state_is_told() -> None:
    assert await judge(None, journey("homework.docx", "ready"), Path()) == [
        "ended ready (None), not rejected"
    ]


async def test_right_state_with_another_code_is_told() -> None:
    assert await judge(None, journey("homework.docx", "rejected", "damaged"), Path()) != []


def test_sizes_read_well() -> None:
    assert [human(size) for size in (0, 999, 1000, 35_431_601)] == ["0 B", "999 B", "1.0 kB", "35.4 MB"]
