"""A process of its own that writes to an upload, or finishes it, until it is stopped or killed.

python -m tests.storage.uploads.child FOLDER write|finish
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


async def write(uploads: LocalUploadStore) -> None:
    async with uploads.open_writer(UPLOAD) as writer:
        print("writes", flush=True)
        for number in count(1):
            await writer.write([PIECE, PIECE])
            if number % 8 == 0:
                print(await writer.sync(), flush=True)


async def finish(uploads: LocalUploadStore) -> None:
    sizes = tuple(map(int, sys.argv[3:]))
    print("finishes", flush=True)
    await uploads.finish(UploadRef(UPLOAD.id, len(sizes) + 1, sizes), KEY)


if __name__ == "__main__":
    root = Path(sys.argv[1])
    asyncio.run({"write": write, "finish": finish}[sys.argv[2]](
        LocalUploadStore(root / "uploads", LocalBlobStore(root / "blobs"))
    ))  # fmt: skip
