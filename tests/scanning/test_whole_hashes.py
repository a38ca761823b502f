import asyncio
import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from scanning.errors import ScanError
from scanning.outcome import ScanOutcome
from scanning.pool import ClamdPool
from scanning.whole_hashes import HashIndex, HashSignatures, parse_line
from scanning.windows import WindowPolicy
from tests.scanning.fake_clamd import fake_clamd
from tests.scanning.waiting import eventually, open_descriptors
from tests.services.clamd import ClamdServer
from tests.services.process import short_folder

POLICY = WindowPolicy(whole_bytes=1_000_000, window_bytes=300_000, overlap_bytes=1_000)
#: No two windows of it are alike.
CONTENT = b"".join(number.to_bytes(8, "big") for number in range(250_001))
SIZE = len(CONTENT)
ALGORITHMS = ("md5", "sha1", "sha256")


def digest(algorithm: str) -> str:
    return hashlib.new(algorithm, CONTENT).hexdigest()


@pytest.fixture
def signatures(tmp_path: Path) -> Path:
    (tmp_path / "signatures").mkdir()
    return tmp_path / "signatures"


@pytest.fixture
def large(tmp_path: Path) -> Path:
    (tmp_path / "large").write_bytes(CONTENT)
    return tmp_path / "large"


async def scan(clamd: ClamdServer, path: Path, signatures: Path | None) -> ScanOutcome:
    return await ClamdPool([clamd.socket], windows=POLICY, signatures=signatures).scan_file(path)


@pytest.mark.parametrize("size", [str(SIZE), "*"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_the_hash_of_a_file_scanned_in_windows_is_found(
    clamd_server: ClamdServer, large: Path, signatures: Path, algorithm: str, size: str
) -> None:
    name = "x.hdb" if algorithm == "md5" else "x.hsb"
    (signatures / name).write_text(f"# words\n{digest(algorithm).upper()}:{size}:Known.Large:73\n")
    outcome = await scan(clamd_server, large, signatures)
    assert (outcome.verdict, outcome.signature) == ("infected", "Known.Large")
    assert outcome.detail["windows_scanned"] == outcome.detail["windows"] == 7


@pytest.mark.parametrize("line", [f"{digest('sha256')}:{SIZE - 1}:Other", f"{'0' * 64}:{SIZE}:Other", ""])
async def test_other_hashes_and_sizes_are_not_found(
    clamd_server: ClamdServer, large: Path, signatures: Path, line: str
) -> None:
    (signatures / "x.hsb").write_text(line)
    outcome = await scan(clamd_server, large, signatures)
    assert outcome.verdict == "clean_windowed"
    assert outcome.detail["hashes_looked_up"] is True


async def test_without_a_folder_the_outcome_says_that_no_hash_was_looked_up(
    clamd_server: ClamdServer, large: Path
) -> None:
    outcome = await scan(clamd_server, large, None)
    assert (outcome.verdict, outcome.detail["hashes_looked_up"]) == ("clean_windowed", False)


def packed(mode: str) -> bytes:
    """A database as the maker of ClamAV distributes it, but for its signature."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, text in {
            "COPYING": "words",
            "daily.hsb": f"{digest('sha256')}:{SIZE}:Packed.Large:73\n",
            "daily.ndb": f"Other:0:*:{digest('sha1')}\n",
        }.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return b"ClamAV-VDB:21 Nov 2026 06-00 +0000:27500".ljust(512) + buffer.getvalue()


@pytest.mark.parametrize(("name", "mode"), [("daily.cvd", "w:gz"), ("daily.cld", "w")])
async def test_hashes_in_official_databases_are_found(
    clamd_server: ClamdServer, large: Path, signatures: Path, name: str, mode: str
) -> None:
    (signatures / name).write_bytes(packed(mode))
    assert (await scan(clamd_server, large, signatures)).signature == "Packed.Large"


def test_the_index_is_made_anew_when_the_folder_changed(signatures: Path) -> None:
    kept = HashSignatures(signatures, 1000)
    assert kept.load() == HashIndex({})
    (signatures / "x.hsb").write_text(f"{'a' * 64}:1001:First\n")
    assert kept.load().find(["a" * 64], 1001) == "First"
    (signatures / "x.hsb").write_text(f"{'a' * 64}:1001:Another\n")
    assert kept.load().find(["a" * 64], 1001) == "Another"
    (signatures / "x.hsb").unlink()
    assert kept.load() == HashIndex({})


async def test_signatures_that_cannot_be_read_are_no_verdict(
    clamd_server: ClamdServer, large: Path, signatures: Path
) -> None:
    (signatures / "daily.cvd").write_bytes(b"ClamAV-VDB:".ljust(600, b"x"))
    with pytest.raises(ScanError, match="signatures"):
        await scan(clamd_server, large, signatures)
    with pytest.raises(ScanError, match="signatures"):
        await scan(clamd_server, large, signatures / "missing")


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        (b"A" * 32 + b":2000:Name\n", (("a" * 32, 2000), "Name")),
        (b"a" * 64 + b":*:Name:73\r\n", (("a" * 64, None), "Name")),
        (b"a" * 64 + b":1000:Small:73", None),
        (b"a" * 64 + b":\xb2:Odd", None),
        (b"a" * 64 + b":-5:Odd", None),
        (b"a" * 63 + b":2000:Short", None),
        (b"a" * 64 + b":2000", None),
        (b"# a comment", None),
        (b"\xff\xfe:1:2", None),
        (b"", None),
    ],
)
def test_lines_are_read_as_the_format_says(line: bytes, entry: object) -> None:
    assert parse_line(line, 1000) == entry


def test_only_the_hashes_that_can_match_are_computed() -> None:
    index = HashIndex({("a" * 64, 5): "One", ("b" * 32, 6): "Two", ("c" * 40, None): "Three"})
    assert index.algorithms(5) == {"sha256", "sha1"}
    assert index.algorithms(7) == {"sha1"}
    assert HashIndex({}).algorithms(5) == set()


async def test_a_cancelled_scan_leaves_no_descriptor_open(large: Path, signatures: Path) -> None:
    (signatures / "x.hsb").write_text(f"{digest('sha256')}:*:Known.Large\n")
    with short_folder() as folder:
        async with fake_clamd(folder / "c", None) as commands:
            pool = ClamdPool([folder / "c"], windows=POLICY, signatures=signatures)
            before = open_descriptors()
            scanning = asyncio.create_task(pool.scan_file(large))
            await eventually(lambda: b"zFILDES\0" in commands)
            scanning.cancel()
            with pytest.raises(asyncio.CancelledError):
                await scanning
            await eventually(lambda: open_descriptors() <= before)


async def test_the_hash_of_a_sparse_file_one_byte_above_the_ceiling_is_found(
    clamd_server: ClamdServer, tmp_path: Path, signatures: Path
) -> None:
    size = 2_147_483_646
    with (tmp_path / "large").open("wb") as file:
        file.truncate(size)
    # SHA-256 of so many zeros.
    (signatures / "x.hsb").write_text(f"{zeros(size)}:{size}:Known.Sparse:73\n")
    outcome = await ClamdPool([clamd_server.socket], signatures=signatures).scan_file(tmp_path / "large")
    assert (outcome.verdict, outcome.signature) == ("infected", "Known.Sparse")


def zeros(size: int) -> str:
    whole, piece = hashlib.sha256(), bytes(1 << 20)
    for _ in range(size >> 20):
        whole.update(piece)
    whole.update(piece[: size & 0xFFFFF])
    return whole.hexdigest()
