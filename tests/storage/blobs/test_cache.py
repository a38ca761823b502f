import asyncio
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from storage.blobs.cache import LocalCache
from storage.blobs.copies import Wanted
from storage.errors import Damaged, StorageFull, StorageUnavailable
from tests.services.disk import small_disk
from tests.services.process import wait_until

MIB = 1 << 20
ROOT = Path(__file__).parents[3]

#: Fetches one blob, slowly, from another process, and says how often it did.
CHILD = """
import asyncio, sys
from pathlib import Path
from storage.blobs.cache import LocalCache
from storage.blobs.copies import Wanted

async def fetch():
    print("fetching", flush=True)
    yield b"a" * 10
    await asyncio.sleep(float(sys.argv[2]))
    yield b"b" * 10

async def main():
    async with LocalCache(Path(sys.argv[1]), 1000).hold(Wanted("key", "1", 20, None), fetch) as path:
        print(path.read_bytes().decode(), flush=True)

asyncio.run(main())
"""


def wanted(key: str, data: bytes) -> Wanted:
    return Wanted(key, "1", len(data), hashlib.sha256(data).hexdigest())


class Store:
    """Gives bytes and counts how often."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.fetched = 0

    async def __call__(self) -> AsyncGenerator[bytes, None]:
        self.fetched += 1
        for start in range(0, len(self.data), MIB):
            yield self.data[start : start + MIB]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


async def look(cache: LocalCache, key: str, store: Store) -> bytes:
    async with cache.hold(wanted(key, store.data), store) as path:
        return path.read_bytes()


async def test_what_was_fetched_is_kept_also_over_a_restart(folder):
    store = Store(b"bytes")
    for _ in range(2):
        cache = LocalCache(folder, MIB)
        assert [await look(cache, "key", store) for _ in range(2)] == [b"bytes"] * 2
    assert store.fetched == 1


async def test_a_copy_that_was_altered_while_nobody_looked_is_fetched_again(folder):
    store = Store(b"bytes")
    cache = LocalCache(folder, MIB)
    await look(cache, "key", store)
    (copy,) = folder.iterdir()
    copy.chmod(0o600)
    copy.write_bytes(b"altered")
    for again in (cache, LocalCache(folder, MIB)):
        assert await look(again, "key", store) == b"bytes"
    assert store.fetched == 2


async def test_the_copies_wanted_longest_ago_make_room(folder):
    cache = LocalCache(folder, 30)
    stores = {name: Store(name.encode() * 10) for name in "abcd"}
    for name in "abcad":
        await look(cache, name, stores[name])
    for name in "acd":
        await look(cache, name, stores[name])
    assert {name: store.fetched for name, store in stores.items()} == {"a": 1, "b": 1, "c": 1, "d": 1}
    await look(cache, "b", stores["b"])
    assert stores["b"].fetched == 2
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 30


async def test_what_is_in_use_stays_even_beyond_the_limit(folder):
    cache = LocalCache(folder, 5)
    first, second = Store(b"1" * 10), Store(b"2" * 10)
    async with cache.hold(wanted("first", first.data), first) as path:
        assert await look(cache, "second", second) == second.data
        assert await look(cache, "third", Store(b"3")) == b"3"
        assert path.read_bytes() == first.data
    await look(cache, "third", Store(b"4"))
    assert not path.exists()


async def test_bytes_that_differ_or_are_cut_short_are_damaged_and_leave_nothing(folder):
    cache = LocalCache(folder, MIB)
    for what in (wanted("key", b"other"), Wanted("key", "1", 6, None)):
        with pytest.raises(Damaged):
            async with cache.hold(what, Store(b"bytes")):
                pass
    assert not list(folder.iterdir())


async def test_a_store_that_fails_or_a_caller_that_goes_leaves_nothing(folder):
    begun = asyncio.Event()

    async def failing() -> AsyncGenerator[bytes, None]:
        yield b"some"
        raise StorageUnavailable("cut")

    async def endless() -> AsyncGenerator[bytes, None]:
        yield b"some"
        begun.set()
        await asyncio.Event().wait()

    async def use(fetch: Callable[[], AsyncGenerator[bytes, None]]) -> None:
        async with LocalCache(folder, MIB).hold(Wanted("key", "1", 10, None), fetch):
            pass

    with pytest.raises(StorageUnavailable):
        await use(failing)
    using = asyncio.create_task(use(endless))
    await begun.wait()
    using.cancel()
    await asyncio.gather(using, return_exceptions=True)
    assert not list(folder.iterdir())


async def test_copies_that_nobody_wanted_for_a_day_go(folder):
    cache = LocalCache(folder, MIB)
    await look(cache, "old", Store(b"old"))
    (old,) = folder.iterdir()
    os.utime(old, (time.time() - 90_000, old.stat().st_mtime))
    await look(cache, "new", Store(b"new"))
    assert not old.exists()


async def test_a_full_disk_is_said_and_leaves_nothing():
    with small_disk(4 * MIB) as disk:
        if not disk.mounted:
            pytest.skip("needs a disk of its own")
        cache = LocalCache(disk.folder / "cache", 100 * MIB)
        with pytest.raises(StorageFull):
            await look(cache, "key", Store(b"x" * 5 * MIB))
        # A disk that fills up while it is written to.
        with pytest.raises(StorageFull):
            async with cache.hold(Wanted("key", "1", MIB, None), Store(b"x" * 5 * MIB)):
                pass
        assert not list((disk.folder / "cache").iterdir())


def child(folder: Path, seconds: float) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", CHILD, str(folder), str(seconds)]
    return subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_processes_fetch_one_blob_once(folder):
    folder.mkdir()
    children = [child(folder, 0.5) for _ in range(3)]
    said = "".join(each.communicate(timeout=30)[0] for each in children)
    assert said.count("fetching") == 1
    assert said.count("a" * 10 + "b" * 10) == 3


def test_what_a_killed_process_left_is_in_nobodys_way(folder):
    folder.mkdir()
    killed = child(folder, 60)
    try:
        wait_until(lambda: any(path.stat().st_size for path in folder.iterdir()))
    finally:
        killed.kill()
        killed.communicate()
    (left,) = folder.iterdir()
    left.rename(left.with_name("other" + left.name))
    assert child(folder, 0).communicate(timeout=30)[0].endswith("b\n")
    assert [path.stat().st_size for path in folder.iterdir()] == [20]
