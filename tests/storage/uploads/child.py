"""A process of its own that writes to an upload, or finishes it, until it is stopped or killed.

python -m tests.storage.uploads.child FOLDER write|check|hold_back|finish
"""

import asyncio
import sys
from itertools import count
from pathlib import Path

from storage.blobs.local import LocalBlobStore
from storage.uploads import UploadRef
from storage.uploads.local import LocalUploadStore
from tests.storage.upload_sample import KEY, UPLOAD

PIECE = bytes(range(256)) * 64
CHECKED = PIECE * 4


async def write(uploads: LocalUploadStore) -> None:
    async with uploads.open_writer(UPLOAD) as writer:
        print("writes", flush=True)
        for number in count(1):
            await writer.write([PIECE, PIECE])
            if number % 8 == 0:
                print(await writer.sync(), flush=True)


async def check(uploads: LocalUploadStore) -> None:
    """Keep `CHECKED` at a time; tell of each that was kept."""
    async with uploads.open_writer(UPLOAD) as writer:
        print("checks", flush=True)
        while True:
            await writer.hold_back()
            for _ in range(4):
                await writer.write([CHECKED[: len(CHECKED) // 4]])
            print(await writer.keep(), flush=True)


async def hold_back(uploads: LocalUploadStore) -> None:
    """Hold back bytes, say so, and keep them when told to go on."""
    async with uploads.open_writer(UPLOAD) as writer:
        await writer.hold_back()
        await writer.write([CHECKED])
        print(await writer.sync(), flush=True)
        sys.stdin.readline()
        print(await writer.keep(), flush=True)


async def finish(uploads: LocalUploadStore) -> None:
    sizes = tuple(map(int, sys.argv[3:]))
    print("finishes", flush=True)
    await uploads.finish(UploadRef(UPLOAD.id, len(sizes) + 1, sizes), KEY)


if __name__ == "__main__":
    root = Path(sys.argv[1])
    asyncio.run({"write": write, "check": check, "hold_back": hold_back, "finish": finish}[sys.argv[2]](
        LocalUploadStore(root / "uploads", LocalBlobStore(root / "blobs"))
    ))  # fmt: skip
