"""Many readers of one ready file, and what is not served."""

import asyncio
import hashlib
import io
import random
from pathlib import Path

from PIL import Image

from tests.samples.photo import make_photo
from tests.services.api import Api

READERS = 200


async def test_two_hundred_readers_at_once_all_get_the_same_bytes(api: Api) -> None:
    data = "".join(random.Random(1).choices("abcdefgh \n", k=2 << 20)).encode()
    path = await api.send(data, "essay.txt")
    evidence = await api.wait(path)
    assert evidence["state"] == "ready", evidence
    url = evidence["original"]["url"]
    expected = hashlib.sha256(data).digest()

    async def read(number: int) -> tuple[int, bool]:
        if number % 2:
            status, body, _ = await api.download(url)
            return status, hashlib.sha256(body).digest() == expected
        first, last = number * 1000, number * 1000 + 99_999
        status, body, headers = await api.download(url, Range=f"bytes={first}-{last}")
        right = body == data[first : last + 1]
        return status, right and headers["Content-Range"] == f"bytes {first}-{last}/{len(data)}"

    answers = await asyncio.gather(*(read(number) for number in range(READERS)))
    assert answers == [(206, True), (200, True)] * (READERS // 2)


async def test_a_range_holds_only_for_the_copy_that_the_reader_has(api: Api) -> None:
    data = b"What I did this summer.\n" * 100
    evidence = await api.wait(await api.send(data, "essay.txt"))
    url = evidence["original"]["url"]
    tag = f'"{evidence["sha256"]}"'
    status, body, headers = await api.download(url, Range="bytes=-10", **{"If-Range": tag})
    assert (status, body, headers["ETag"]) == (206, data[-10:], tag)
    status, body, _ = await api.download(url, Range="bytes=-10", **{"If-Range": '"another"'})
    assert (status, body) == (200, data)
    assert (await api.download(url, Range=f"bytes={len(data)}-"))[0] == 416


async def test_what_is_not_ready_is_409_with_its_code(api: Api) -> None:
    upload, unfinished = await api.create(10, "essay.txt")
    await api.patch(upload, 0, b"hello")
    rejected = await api.send(b"MZ this is no essay, it is a program \x00\x01", "essay.txt")
    assert (await api.wait(rejected))["state"] == "rejected"
    for path in (unfinished, rejected):
        expected = (await api.evidence(path))["code"] or "not_available"
        async with api.session.get(f"{path}/original") as answer:
            assert (answer.status, (await answer.json())["code"]) == (409, expected)


async def test_a_large_picture_is_listed_as_a_pyramid_with_its_tiles_below_its_address(
    api: Api, tmp_path: Path
) -> None:
    photo = await asyncio.to_thread(make_photo, tmp_path / "scan.jpg", width=4800, height=1200)
    found = await api.wait(await api.send(photo.read_bytes(), "scan.jpg"))
    pyramid = {rendition["kind"]: rendition for rendition in found["renditions"]}["deep_zoom"]
    assert (pyramid["media_type"], pyramid["width"], pyramid["height"]) == ("application/zip", 1200, 4800)
    assert len((await api.download(pyramid["url"]))[1]) == pyramid["size_bytes"]
    assert (await api.download(f"{pyramid['url']}/image.dzi"))[0] == 200
    status, tile, _ = await api.download(f"{pyramid['url']}/image_files/13/2_9.jpeg")
    assert (status, Image.open(io.BytesIO(tile)).size) == (200, (181, 211))
    assert (await api.download(f"{pyramid['url']}/image_files/13/3_9.jpeg"))[0] == 404
