"""Films of 6 GB and more, from the first byte to the end."""

import asyncio
import hashlib
import os
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from benchmarks.usage import resident_bytes
from config.formats import load_formats
from tests.end_to_end.graph import draw
from tests.samples.film import make_phone_film
from tests.services.api import Api
from tests.services.intake import Intake
from tests.transcode.making import streams, times
from tests.transcode.samples import ffmpeg, film

LENGTH_BYTES = 6 << 30
GROWTH_BYTES = 20_000_000
_PIECE_BYTES = 1 << 20

#: Raw frames: 104 MB a second.
BULKY_SECONDS, BULKY_RATE = 60, 25

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


@pytest.fixture
def long_film(tmp_path: Path) -> Iterator[Path]:
    """A short film with a box of free space behind it (ISO/IEC 14496-12, 8.1.2), a hole in the file."""
    path = make_phone_film(tmp_path / "dance.mp4", seconds=2, width=1280, height=720)
    free_bytes = LENGTH_BYTES - path.stat().st_size
    with path.open("ab") as file:
        file.write(struct.pack(">I4sQ", 1, b"free", free_bytes))
    os.truncate(path, LENGTH_BYTES)
    yield path
    path.unlink()


async def test_a_film_of_6_gib_leaves_the_gateway_as_small_as_it_was(
    intake: Intake, api: Api, long_film: Path
) -> None:
    assert intake.gateway
    await api.wait(await api.send(bytes(4 * _PIECE_BYTES), "warm-up.mp4"))
    upload, evidence = await api.create(LENGTH_BYTES, "dance.mp4")
    async with sampling(intake.gateway.pid) as resident:
        for begin in (0, LENGTH_BYTES // 2):
            sent = await api.patch(upload, begin, pieces(long_film, begin, LENGTH_BYTES // 2))
            assert sent.status == 204
        found = await api.wait(evidence, seconds=1800)
    with long_film.open("rb") as file:
        digest = await asyncio.to_thread(hashlib.file_digest, file, "sha256")
    assert found["sha256"] == digest.hexdigest()
    assert (found["scan"]["verdict"], found["scan"]["coverage"]) == ("clean_windowed", "windows")
    assert found["state"] == "ready", found
    keep(resident)
    assert max(resident) - resident[0] < GROWTH_BYTES


@pytest.fixture
def bulky_film(tmp_path: Path) -> Iterator[Path]:
    """A film of 6.2 GB, all of it frames."""
    clip, path = tmp_path / "clip.mov", tmp_path / "concert.mov"
    raw = ("-c:v", "rawvideo", "-pix_fmt", "uyvy422", "-c:a", "pcm_s16le")
    film(clip, *raw, seconds=4, size="1920x1080", rate=BULKY_RATE)
    ffmpeg("-stream_loop", BULKY_SECONDS // 4 - 1, "-i", clip, "-c", "copy", path)
    clip.unlink()
    yield path
    path.unlink()


async def test_a_film_over_the_limit_becomes_one_under_it_that_plays(
    api: Api, bulky_film: Path, tmp_path: Path
) -> None:
    limit_bytes = load_formats().extensions["mov"].reduce_to_bytes
    length_bytes = size_of(bulky_film)
    assert length_bytes > max(limit_bytes, 6 * 10**9)
    upload, evidence = await api.create(length_bytes, bulky_film.name)
    assert (await api.patch(upload, 0, pieces(bulky_film, 0, length_bytes))).status == 204
    found = await api.wait(evidence, seconds=3000)
    assert found["state"] == "ready", found
    _, small, _ = await api.download(f"{evidence}/renditions/video")
    assert len(small) < limit_bytes
    check_copy(small, tmp_path / "small.mp4")


def size_of(path: Path) -> int:
    return path.stat().st_size


def check_copy(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    (picture,) = streams(path, "v")
    (sound,) = streams(path, "a")
    assert (picture["codec_name"], sound["codec_name"]) == ("h264", "aac")
    assert len(times(path)) == BULKY_SECONDS * BULKY_RATE
    assert abs(float(sound["duration"]) - BULKY_SECONDS) < 0.1


def keep(resident: list[int]) -> None:
    """Draw what was seen into the file that `MEMORY_GRAPH` names, if it does."""
    if file := os.environ.get("MEMORY_GRAPH"):
        title = f"Resident memory of the gateway while 6 GiB arrive, each of {len(resident)} seconds"
        megabytes = [value / 1e6 for value in resident]
        Path(file).write_text(draw(title, megabytes, 2 * megabytes[0], unit="MB"))


async def pieces(path: Path, begin: int, length_bytes: int) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        file.seek(begin)
        for done in range(0, length_bytes, _PIECE_BYTES):
            yield file.read(min(_PIECE_BYTES, length_bytes - done))


@asynccontextmanager
async def sampling(pid: int) -> AsyncIterator[list[int]]:
    """Give the process's resident bytes: now, and once a second until the context closes."""
    seen = [resident_bytes(pid)]

    async def look() -> None:
        while True:
            await asyncio.sleep(1)
            seen.append(resident_bytes(pid))

    looking = asyncio.create_task(look())
    try:
        yield seen
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        seen.append(resident_bytes(pid))
