import asyncio
import io
import zipfile
from pathlib import Path

import pytest

from scanning.clamd import Clamd, TimeLimits
from scanning.errors import ScanError, ScannerUnavailable
from scanning.outcome import Verdict
from scanning.pool import ClamdPool
from scanning.windows import WindowPolicy
from tests.scanning.fake_clamd import fake_clamd
from tests.scanning.waiting import eventually, open_descriptors
from tests.services.clamd import EICAR
from tests.services.process import short_folder

HASTY = TimeLimits(connect_seconds=0.5, answer_seconds=0.5, scan_seconds=0.5)
SMALL_WINDOWS = WindowPolicy(whole_bytes=1_000_000, window_bytes=300_000, overlap_bytes=1_000)


@pytest.fixture
def folder():
    with short_folder() as path:
        yield path


@pytest.fixture
def sample(tmp_path):
    path = tmp_path / "sample"
    path.write_bytes(b"nothing of note\n" * 100)
    return path


def docx_with(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/embeddings/object1.bin", content)
    return buffer.getvalue()


async def answers(pool: ClamdPool) -> bool:
    try:
        await pool.version()
    except ScannerUnavailable:
        return False
    return True


# The real daemon


async def test_real_clamd_answers_ping_and_version(clamd_server):
    await Clamd(clamd_server.socket).ping()
    version = await ClamdPool([clamd_server.socket]).version()
    assert version.engine.startswith("ClamAV ")
    assert version.signatures_at is None


async def test_loading_new_signatures_keeps_scans_waiting_for_a_moment_only(clamd_server, sample):
    pool = ClamdPool([clamd_server.socket])
    assert (await pool.scan_file(sample)).verdict is Verdict.CLEAN  # and leaves an idle thread behind
    await pool.reload()
    async with asyncio.timeout(10):
        assert (await pool.scan_file(sample)).verdict is Verdict.CLEAN


async def test_clean_file_is_clean(clamd_server, sample):
    outcome = await ClamdPool([clamd_server.socket]).scan_file(sample)
    assert outcome.verdict == Verdict.CLEAN
    assert outcome.detail["size_bytes"] == sample.stat().st_size


async def test_empty_file_is_clean_or_an_error_but_never_infected(clamd_server, tmp_path):
    (tmp_path / "empty").touch()
    outcome = await ClamdPool([clamd_server.socket]).scan_file(tmp_path / "empty")
    assert outcome.verdict == Verdict.CLEAN


@pytest.mark.parametrize("content", [EICAR, docx_with(EICAR)], ids=["plain", "inside a docx"])
async def test_eicar_is_infected(clamd_server, tmp_path, content):
    (tmp_path / "f").write_bytes(content)
    outcome = await ClamdPool([clamd_server.socket]).scan_file(tmp_path / "f")
    assert outcome.verdict == Verdict.INFECTED
    assert outcome.signature == "Eicar.Test.UNOFFICIAL"


async def test_a_file_nobody_may_open_by_path_is_scanned_by_descriptor(clamd_server, tmp_path):
    secret = tmp_path / "private"
    secret.mkdir(mode=0o700)
    (secret / "f").write_bytes(EICAR)
    (secret / "f").chmod(0o600)
    assert (await ClamdPool([clamd_server.socket]).scan_file(secret / "f")).verdict == Verdict.INFECTED


async def test_many_scans_at_once_each_get_their_own_verdict(clamd_server, tmp_path):
    pool = ClamdPool([clamd_server.socket])
    for index in range(20):
        (tmp_path / str(index)).write_bytes(EICAR if index % 3 == 0 else b"fine")
    outcomes = await asyncio.gather(*(pool.scan_file(tmp_path / str(index)) for index in range(20)))
    assert [outcome.verdict == Verdict.INFECTED for outcome in outcomes] == [
        index % 3 == 0 for index in range(20)
    ]


# Windows


async def test_a_clean_file_in_windows_is_never_called_clean(clamd_server, tmp_path):
    (tmp_path / "f").write_bytes(bytes(2_000_000))
    outcome = await ClamdPool([clamd_server.socket], windows=SMALL_WINDOWS).scan_file(tmp_path / "f")
    assert outcome.verdict == Verdict.CLEAN_WINDOWED
    assert outcome.detail["windows"] == outcome.detail["windows_scanned"] == 7
    assert (outcome.detail["window_bytes"], outcome.detail["overlap_bytes"]) == (300_000, 1_000)


# Daemons that lie, break or are not there

BROKEN_ANSWERS = {
    "closes at once": b"",
    "half a line": b"fd[10]: O",
    "no terminator": b"fd[10]: OK",
    "wrong descriptor": b"fd[x]: OK\0",
    "another command's reply": b"stream: OK\0",
    "trailing bytes": b"fd[10]: OK\0more",
    "two replies": b"fd[10]: OK\0fd[10]: Eicar FOUND\0",
    "an error": b"fd[10]: Can't allocate memory ERROR\0",
    "endless": b"fd[10]: " + b"A" * 10_000,
    "hangs": None,
}


@pytest.mark.parametrize("answer", BROKEN_ANSWERS.values(), ids=BROKEN_ANSWERS)
async def test_a_daemon_that_breaks_off_or_babbles_gives_no_verdict(folder, sample, answer):
    async with fake_clamd(folder / "c", answer):
        with pytest.raises(ScanError):
            await ClamdPool([folder / "c"], limits=HASTY).scan_file(sample)


@pytest.mark.parametrize("version", [b"", b"ClamAV", b"\0", b"nonsense\0", None])
async def test_a_daemon_that_does_not_say_its_version_is_not_asked_to_scan(folder, sample, version):
    async with fake_clamd(folder / "c", b"fd[10]: OK\0", version=version) as commands:
        with pytest.raises(ScannerUnavailable):
            await ClamdPool([folder / "c"], limits=HASTY).scan_file(sample)
    assert b"zFILDES\0" not in commands


async def test_a_limit_is_neither_clean_nor_infected(folder, sample):
    async with fake_clamd(folder / "c", b"fd[1]: Heuristics.Limits.Exceeded.MaxScanTime FOUND\0"):
        outcome = await ClamdPool([folder / "c"]).scan_file(sample)
    assert outcome.verdict == Verdict.UNSCANNED
    assert outcome.signature is None
    assert outcome.detail["limit"] == "Heuristics.Limits.Exceeded.MaxScanTime"


async def test_a_remark_is_kept_and_is_no_infection(folder, sample):
    async with fake_clamd(folder / "c", b"fd[1]: Heuristics.Encrypted.PDF FOUND\0"):
        outcome = await ClamdPool([folder / "c"]).scan_file(sample)
    assert outcome.verdict == Verdict.CLEAN
    assert outcome.detail["remarks"] == ["Heuristics.Encrypted.PDF"]


async def test_no_daemon_is_unavailable(folder, sample):
    pool = ClamdPool([folder / "missing"], limits=HASTY)
    for _ in range(3):
        with pytest.raises(ScannerUnavailable):
            await pool.scan_file(sample)


async def test_no_sockets_at_all_is_unavailable(sample):
    with pytest.raises(ScannerUnavailable):
        await ClamdPool([]).version()


async def test_the_next_server_takes_over(folder, sample):
    async with fake_clamd(folder / "hangs", None, version=None), fake_clamd(folder / "good", b"fd[10]: OK\0"):
        pool = ClamdPool([folder / "missing", folder / "hangs", folder / "good"], limits=HASTY)
        assert (await pool.scan_file(sample)).verdict == Verdict.CLEAN


async def test_a_server_that_failed_is_left_in_peace_then_asked_again(folder, sample):
    pool = ClamdPool([folder / "c"], limits=HASTY)
    with pytest.raises(ScannerUnavailable):
        await pool.scan_file(sample)
    async with fake_clamd(folder / "c", b"fd[10]: OK\0") as commands:
        with pytest.raises(ScannerUnavailable, match="a moment ago"):
            await pool.version()
        assert commands == []
        await eventually(lambda: answers(pool))


async def test_a_scan_that_broke_is_not_tried_on_the_next_server(folder, sample):
    async with fake_clamd(folder / "a", b""), fake_clamd(folder / "b", b"fd[10]: OK\0") as commands:
        with pytest.raises(ScanError):
            await ClamdPool([folder / "a", folder / "b"]).scan_file(sample)
        assert commands == []


async def test_a_killed_daemon_is_unavailable_and_comes_back_by_itself(clamd_server, sample):
    pool = ClamdPool([clamd_server.socket])
    clamd_server.kill()
    with pytest.raises(ScannerUnavailable):
        await pool.scan_file(sample)
    clamd_server.start()
    await eventually(lambda: answers(pool))
    assert (await pool.scan_file(sample)).verdict == Verdict.CLEAN


def has_open(process: int, path: Path) -> bool:
    return any(descriptor.resolve() == path for descriptor in Path(f"/proc/{process}/fd").iterdir())


async def test_a_daemon_killed_in_the_middle_of_a_scan_gives_no_verdict(clamd_server, tmp_path):
    with (tmp_path / "f").open("wb") as file:
        file.truncate(1_900_000_000)
    scan = asyncio.create_task(ClamdPool([clamd_server.socket]).scan_file(tmp_path / "f"))
    await eventually(lambda: has_open(clamd_server.process.pid, tmp_path / "f"))
    assert not scan.done()
    clamd_server.kill()
    with pytest.raises(ScanError):
        await scan


async def test_a_cancelled_scan_leaves_no_descriptor_open(folder, sample):
    async with fake_clamd(folder / "c", None) as commands:
        before = open_descriptors()
        scan = asyncio.create_task(ClamdPool([folder / "c"]).scan_file(sample))
        await eventually(lambda: b"zFILDES\0" in commands)
        scan.cancel()
        with pytest.raises(asyncio.CancelledError):
            await scan
        await eventually(lambda: open_descriptors() <= before)


async def test_only_regular_files_are_scanned(clamd_server, tmp_path):
    with pytest.raises(ScanError, match="regular"):
        await ClamdPool([clamd_server.socket]).scan_file(tmp_path)
    with pytest.raises(FileNotFoundError):
        await ClamdPool([clamd_server.socket]).scan_file(tmp_path / "missing")
