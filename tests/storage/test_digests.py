import asyncio
import hashlib
from pathlib import Path

import pytest

from storage.digests import sha256_file
from storage.errors import NotFound
from tests.services.api import until


@pytest.mark.parametrize("size_bytes", [0, 1, (1 << 20) - 1, 1 << 20, (3 << 20) + 7])
async def test_the_digest_is_that_of_the_bytes(tmp_path, size_bytes):
    data = bytes(range(251)) * (size_bytes // 251 + 1)
    (tmp_path / "file").write_bytes(data[:size_bytes])
    assert await sha256_file(tmp_path / "file") == hashlib.sha256(data[:size_bytes]).hexdigest()


async def test_a_missing_file_and_a_folder_are_not_found(tmp_path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(NotFound):
            await sha256_file(path)


async def test_cancelling_stops_reading(tmp_path):
    with (tmp_path / "huge").open("wb") as huge:
        huge.truncate(1 << 40)

    def is_open() -> bool:
        return tmp_path / "huge" in [file.resolve() for file in Path("/proc/self/fd").iterdir()]

    async def begun() -> bool:
        return is_open()

    async def is_over() -> bool:
        return not is_open()

    digesting = asyncio.create_task(sha256_file(tmp_path / "huge"))
    await until(begun)
    digesting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await digesting
    await until(is_over)
