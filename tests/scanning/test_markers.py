"""A signature is found wherever it stands: at borders of windows, and on both sides of clamd's ceiling."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scanning.outcome import ScanOutcome, Verdict
from scanning.pool import ClamdPool
from scanning.windows import MIB, WindowPolicy
from tests.services.clamd import EICAR, ClamdServer
from tests.services.process import short_folder

#: As long as the shortest that must be found, and no stretch of it repeats.
MARKER = b"Evidence Intake 25 bytes."
CEILING_BYTES = 2_147_483_645
SMALL_WINDOWS = WindowPolicy(whole_bytes=100_000, window_bytes=30_000, overlap_bytes=1_000)
SMALL_BYTES = 200_000
STEP_BYTES = SMALL_WINDOWS.window_bytes - SMALL_WINDOWS.overlap_bytes


@pytest.fixture(scope="module")
def marking_clamd() -> Iterator[ClamdServer]:
    """A clamd that knows the marker too."""
    with short_folder() as folder:
        server = ClamdServer(folder)
        (server.database / "marker.ndb").write_text(f"Test.Marker:0:*:{MARKER.hex()}\n")
        server.start()
        yield server
        server.stop()


def sparse(path: Path, size_bytes: int, offset: int, marker: bytes) -> Path:
    with path.open("wb") as file:
        file.truncate(size_bytes)
        file.seek(offset)
        file.write(marker)
    return path


#: Each border of two windows, where the first ends and where the second begins.
BORDERS = [number * STEP_BYTES + more for number in range(1, 7) for more in (0, SMALL_WINDOWS.overlap_bytes)]
offsets = st.one_of(
    st.integers(0, SMALL_BYTES - len(EICAR)),
    st.builds(lambda border, away: border + away, st.sampled_from(BORDERS), st.integers(-len(EICAR), 1)),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(offsets)
@example(0)
@example(SMALL_BYTES - len(EICAR))
def test_a_marker_across_any_border_of_windows_is_found(
    clamd_server: ClamdServer, tmp_path: Path, offset: int
) -> None:
    file = sparse(tmp_path / "f", SMALL_BYTES, offset, EICAR)
    pool = ClamdPool([clamd_server.socket], windows=SMALL_WINDOWS)
    outcome = asyncio.run(pool.scan_file(file))
    assert (outcome.verdict, outcome.signature) == (Verdict.INFECTED, "Eicar.Test.UNOFFICIAL")


async def scan_marked(clamd: ClamdServer, folder: Path, size_bytes: int, offset: int) -> ScanOutcome:
    file = sparse(folder / "f", size_bytes, offset if offset >= 0 else size_bytes + offset, MARKER)
    try:
        return await ClamdPool([clamd.socket]).scan_file(file)
    finally:
        file.unlink()


def check_found(outcome: ScanOutcome, size_bytes: int) -> None:
    assert (outcome.verdict, outcome.signature) == (Verdict.INFECTED, "Test.Marker.UNOFFICIAL")
    assert outcome.detail.get("window_bytes") == (256 * MIB if size_bytes > CEILING_BYTES else None)


@pytest.mark.parametrize("offset", [1_000, -len(MARKER)], ids=["at byte 1,000", "in the last 25 bytes"])
async def test_a_marker_in_a_file_just_above_the_ceiling_is_found(
    marking_clamd: ClamdServer, tmp_path: Path, offset: int
) -> None:
    check_found(await scan_marked(marking_clamd, tmp_path, CEILING_BYTES + 1, offset), CEILING_BYTES + 1)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("offset", [1_000, -len(MARKER)], ids=["at byte 1,000", "in the last 25 bytes"])
@pytest.mark.parametrize("size_bytes", [CEILING_BYTES, 4_500_000_000])
async def test_a_marker_in_a_huge_file_is_found(
    marking_clamd: ClamdServer, tmp_path: Path, size_bytes: int, offset: int
) -> None:
    check_found(await scan_marked(marking_clamd, tmp_path, size_bytes, offset), size_bytes)
