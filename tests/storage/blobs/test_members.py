"""One member of a ZIP in a store is read by itself, and a ZIP that is none of ours does no harm."""

import asyncio
import io
import random
import zipfile
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from config.bucket import parse_bucket
from storage.blobs import BlobStat, BlobStore
from storage.blobs import members as members_module
from storage.blobs.cache import LocalCache
from storage.blobs.local import LocalBlobStore
from storage.blobs.members import Member, Members, parse_directory, take_member
from storage.blobs.memory import MemoryBlobStore
from storage.blobs.s3 import S3BlobStore
from storage.errors import Damaged, NotFound, StorageUnavailable
from storage.s3.bucket import open_bucket
from tests.storage.blob_contract import KEY, MIB, OTHER

TILE = "image_files/3/0_1.jpeg"
LARGE = random.Random(1).randbytes(3 * MIB)


def packed(*, how: int = zipfile.ZIP_STORED, **more: bytes) -> bytes:
    """Return a ZIP: something large in front of the others, so that these are not where it begins."""
    content = {"large": LARGE, "image.dzi": b"<Image/>", TILE: b"a tile", **more}
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w", how) as archive:
            for name, data in content.items():
                archive.writestr(name, data)
        return file.getvalue()


class Watched:
    """A store, and what was asked of it."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self.asked: list[tuple[int, int | None]] = []

    async def stat(self, key: str) -> BlobStat:
        return await self._blobs.stat(key)

    def read(self, key: str, first: int = 0, last: int | None = None) -> AsyncGenerator[bytes, None]:
        self.asked.append((first, last))
        return self._blobs.read(key, first, last)


@pytest.fixture(params=["memory", "local", "s3"])
async def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "memory":
        yield MemoryBlobStore()
    elif request.param == "local":
        yield LocalBlobStore(tmp_path)
    else:
        async with open_bucket(parse_bucket(request.getfixturevalue("s3_url")), connections=2) as bucket:
            yield S3BlobStore(bucket, LocalCache(tmp_path / "cache", MIB))


async def test_a_member_is_read_without_the_others_and_the_directory_once(blobs: BlobStore) -> None:
    data = packed()
    await blobs.write_bytes(KEY, data)
    watched: Any = Watched(blobs)
    members = Members(watched)
    for _ in range(3):
        assert await members.read(KEY, await members.find(KEY, TILE)) == b"a tile"
    (first, last), *tiles = watched.asked
    assert (first, last) == (len(data) - MIB, len(data) - 1)
    assert [last - first + 1 for first, last in tiles] == [30 + len(TILE) + 6] * 3
    with pytest.raises(NotFound):
        await members.find(KEY, "large")


async def test_what_is_not_there_is_not_found(blobs: BlobStore) -> None:
    members = Members(blobs)
    with pytest.raises(NotFound):
        await members.find(KEY, TILE)
    await blobs.write_bytes(KEY, packed())
    for name in ("", "/", "image.dz", "../image.dzi", "image_files/", "image_files/3/../3/0_1.jpeg", "\0"):
        with pytest.raises(NotFound):
            await members.find(KEY, name)
    found = await members.find(KEY, TILE)
    await blobs.delete(KEY)
    with pytest.raises(NotFound):
        await members.read(KEY, found)


async def test_what_is_packed_or_too_large_is_not_there() -> None:
    blobs = MemoryBlobStore()
    await blobs.write_bytes(KEY, packed(how=zipfile.ZIP_DEFLATED))
    await blobs.write_bytes(OTHER, packed(bomb=bytes(MIB + 1)))
    for key, name in ((KEY, TILE), (OTHER, "bomb")):
        with pytest.raises(NotFound):
            await Members(blobs).find(key, name)


async def test_many_who_begin_to_look_at_one_pyramid_do_not_each_read_its_directory() -> None:
    blobs = MemoryBlobStore()
    await blobs.write_bytes(KEY, packed())
    watched: Any = Watched(blobs)
    members = Members(watched)
    await asyncio.gather(*(members.find(KEY, TILE) for _ in range(100)))
    assert len(watched.asked) <= 4


async def test_a_store_that_does_not_answer_is_said_to_everybody_who_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Hung(MemoryBlobStore):
        async def stat(self, key: str) -> BlobStat:
            await asyncio.Event().wait()
            raise AssertionError

    monkeypatch.setattr(members_module, "LIMIT_SECONDS", 0.05)
    members = Members(Hung())
    said = await asyncio.gather(*(members.find(KEY, TILE) for _ in range(20)), return_exceptions=True)
    assert {type(error) for error in said} == {StorageUnavailable}


async def test_who_goes_away_while_a_directory_is_read_keeps_nobody_waiting() -> None:
    blobs = MemoryBlobStore()
    await blobs.write_bytes(KEY, packed())
    members = Members(blobs)
    for turns in range(30):
        looking = [asyncio.create_task(members.find(KEY, TILE)) for _ in range(8)]
        for _ in range(turns % 10):
            await asyncio.sleep(0)
        for task in looking:
            task.cancel()
        await asyncio.gather(*looking, return_exceptions=True)
    async with asyncio.timeout(30):
        assert (await members.find(KEY, TILE)).name == TILE


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"no archive", packed()[:-30], packed()[-10:], bytes(3 * MIB), b"PK\5\6" + bytes(18)]
)
async def test_a_blob_that_is_no_whole_zip_is_damaged_or_empty(data: bytes) -> None:
    blobs = MemoryBlobStore()
    await blobs.write_bytes(KEY, data)
    with pytest.raises((Damaged, NotFound)):
        await Members(blobs).find(KEY, TILE)


async def test_bytes_that_changed_are_damaged() -> None:
    data, blobs = packed(), MemoryBlobStore()
    await blobs.write_bytes(KEY, data.replace(b"a tile", b"a tale"))
    members = Members(blobs)
    with pytest.raises(Damaged):
        await members.read(KEY, await members.find(KEY, TILE))


def test_a_directory_of_nonsense_is_damaged_or_names_what_cannot_be_taken() -> None:
    whole = packed()[3 * MIB :]
    lucky = random.Random(2)
    for _ in range(2000):
        broken = bytearray(whole)
        for _ in range(lucky.randint(1, 8)):
            broken[lucky.randrange(len(broken))] = lucky.randrange(256)
        try:
            found = parse_directory(bytes(broken), 3 * MIB + len(whole))
        except Damaged:
            continue
        for member in found.values():
            assert 0 <= member.first < 3 * MIB + len(whole)
            assert member.size_bytes <= MIB


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"PK\3\4" + bytes(26), b"PK\3\4" + b"\xff" * 60])
def test_a_member_without_its_header_is_damaged(data: bytes) -> None:
    with pytest.raises(Damaged):
        take_member(data, Member(TILE, 0, 6, 0))


def test_more_members_than_any_of_ours_has_are_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members_module, "_MOST_MEMBERS", 2)
    data = packed()
    with pytest.raises(Damaged, match="more members"):
        parse_directory(data, len(data))


async def test_only_the_directories_that_were_asked_for_last_are_kept() -> None:
    blobs = MemoryBlobStore()
    watched: Any = Watched(blobs)
    members = Members(watched)
    keys = [f"{number:04}/renditions/a" for number in range(20)]
    for key in keys:
        await blobs.write_bytes(key, packed())
    for key in (*keys, keys[-1], keys[4], keys[0]):
        await members.find(key, TILE)
    assert len(watched.asked) == 21, "the 16 last ones are kept, of which two were asked for again"
