"""Senders as stock clients are: they ask where an upload stands, and go on until it is through."""

import asyncio
import hashlib
import random

import aiohttp

from tests.services.api import Api


async def goes_on(api: Api, upload: str, data: bytes) -> bool:
    """Send the rest, as a client does: it asks where the upload stands, and asks again when it is refused."""
    offset = await api.offset(upload)
    return (await api.patch(upload, offset, data[offset:])).status == 204


async def insist(apis: list[Api], dice: random.Random, data: bytes, name: str) -> tuple[str, str]:
    """Send a file in pieces to any of the gateways; return its evidence and SHA-256."""
    key = {"Idempotency-Key": f"k{dice.getrandbits(60)}"}
    upload = evidence = ""
    while True:
        api = dice.choice(apis)
        try:
            if not upload:
                upload, evidence = await api.create(len(data), name, **key)
            offset = await api.offset(upload)
            if offset == len(data):
                return evidence, hashlib.sha256(data).hexdigest()
            await api.patch(upload, offset, data[offset : offset + dice.randint(1, len(data))])
        except (AssertionError, aiohttp.ClientError, OSError):
            await asyncio.sleep(0.1)


async def insist_on_any(apis: list[Api], dice: random.Random, photo: bytes, film: bytes) -> tuple[str, str]:
    """Send the photo, the film or an essay of its own."""
    essay = (f"{dice.random()}\n" * 60_000).encode()
    data, name = dice.choice(((photo, "photo.jpg"), (film, "dance.mp4"), (essay, "essay.txt")))
    return await insist(apis, dice, data, name)
