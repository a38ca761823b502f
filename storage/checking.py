"""Can the blob store be used? Asked before anything depends on it, so that an operator sees why not."""

import secrets

from storage.blobs import BlobStore
from storage.errors import StorageError
from storage.evidence import original_key


async def check(blobs: BlobStore) -> None:
    """Store a small blob, read, list and remove it. Raises `StorageError`, which says what is wrong."""
    evidence_id, data = f"check-{secrets.token_hex(8)}", secrets.token_bytes(64)
    key = original_key(evidence_id)
    await blobs.write_bytes(key, data)
    try:
        found = b"".join([piece async for piece in blobs.read(key)])
        if found != data or await blobs.keys(evidence_id) != (key,):
            raise StorageError("the store does not give back what it took")
    finally:
        await blobs.delete(key)
