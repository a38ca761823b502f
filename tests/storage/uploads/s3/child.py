"""A process of its own that writes to an upload, or finishes it, until it is stopped or killed.

python -m tests.storage.uploads.s3.child STORAGE DATABASE write|finish
"""

import asyncio
import sys

from storage.uploads import UploadRef
from storage.uploads.s3.store import S3UploadStore
from tests.storage.upload_sample import ID, KEY
from tests.storage.uploads.s3.deployment import deployed

UPLOAD = UploadRef(ID, key=KEY)
PIECE = bytes(range(256)) * 1024


async def write(uploads: S3UploadStore) -> None:
    """Write for ever; say what may be acknowledged."""
    async with uploads.open_writer(UPLOAD) as writer:
        while True:
            for _ in range(15):
                await writer.write([PIECE, PIECE])
            print(await writer.sync(), flush=True)


async def finish(uploads: S3UploadStore) -> None:
    print("finishes", flush=True)
    await uploads.finish(UPLOAD, KEY)


async def main() -> None:
    storage, database_url, what = sys.argv[1:]
    async with deployed(storage, database_url) as uploads:
        await {"write": write, "finish": finish}[what](uploads)


if __name__ == "__main__":
    asyncio.run(main())
