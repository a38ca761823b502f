"""Digest fields: of one request's content, and of the whole file."""

import asyncio
import base64
import hashlib
from datetime import UTC, datetime

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from gateway.ietf.digests import wants_digest
from gateway.services import Services
from gateway.sweeping import sweep
from storage.evidence import original_key
from tests.gateway.ietf.speaking import ROOT, append, ask, chunked, create, spoken, stands
from tests.services.api import Api, until
from tests.storage.blob_contract import read_all

DATA = bytes(range(253)) * 9000


def field(data: bytes, *algorithms: str) -> str:
    members = (
        f"{name}=:{base64.b64encode(hashlib.new(name.replace('-', ''), data).digest()).decode()}:"
        for name in algorithms or ("sha-256",)
    )
    return ", ".join(members)


@pytest.mark.parametrize(
    "algorithms", [("sha-256",), ("sha-512",), ("sha-256", "sha-512"), ("sha-1", "sha-256")]
)
async def test_content_with_its_digest_counts_and_other_content_does_not(
    api: Api, algorithms: tuple[str, ...]
) -> None:
    path = await create(api, 8)
    digest = field(DATA, *algorithms)
    refused = await append(api, path, 0, DATA[1:], complete=False, version=8, Content_Digest=digest)
    assert (refused.status, refused.json["code"]) == (400, "content_digest_mismatch")
    assert (refused.headers["upload-offset"], refused.headers["upload-complete"]) == ("0", "?0")
    assert (await stands(api, path)).headers["upload-offset"] == "0"
    taken = await append(api, path, 0, DATA, complete=True, version=8, Content_Digest=digest)
    assert taken.status == 201


async def test_a_last_append_of_unknown_length_with_another_digest_is_not_the_end(api: Api) -> None:
    path = await create(api, 8)
    headers = {"Content-Type": "application/partial-upload", "Upload-Offset": "0"}
    headers |= {"Transfer-Encoding": "chunked", "Content-Digest": field(b"hello")}
    *_, said = await ask(api, "PATCH", path, {**headers, **spoken(8, complete=True)}, chunked(b"HELLO"))
    assert said.json["code"] == "content_digest_mismatch"
    there = await stands(api, path)
    assert (there.headers["upload-offset"], there.headers["upload-complete"]) == ("0", "?0")
    assert "upload-length" not in there.headers


async def test_a_creation_whose_content_differs_can_go_on(api: Api) -> None:
    headers = spoken(8, complete=True, Content_Digest=field(b"hello"))
    _, said = await ask(api, "POST", ROOT, headers, b"HELLO")
    assert (said.status, said.json["code"]) == (400, "content_digest_mismatch")
    path = said.headers["location"].removeprefix(api.url)
    assert (await append(api, path, 0, b"hello", complete=True, version=8)).status == 201


@pytest.mark.parametrize("name", ["Content-Digest", "Repr-Digest"])
@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("sha-1=:AAAA:", "digest_algorithm"),
        ("unixsum=5, md5=:AAAA:", "digest_algorithm"),
        ("", "digest_algorithm"),
        ("sha-256=:AAAA:", "invalid_header"),
        ("sha-256=abc", "invalid_header"),
        ("sha-256=5", "invalid_header"),
        ("sha-256", "invalid_header"),
        ("sha-256=:!!!:", "invalid_header"),
        ("sha-256=", "invalid_header"),
        ("SHA-256=:AAAA:", "invalid_header"),
        ("sha-256 " * 1000, "invalid_header"),
    ],
)
async def test_what_can_never_be_compared_is_400(api: Api, name: str, sent: str, code: str) -> None:
    (said,) = await ask(api, "POST", ROOT, {**spoken(8, complete=True), name: sent}, b"hello")
    assert (said.status, said.json["code"]) == (400, code)


async def test_a_file_with_its_digest_is_received_and_the_answer_says_it(api: Api) -> None:
    headers = spoken(8, complete=True, Repr_Digest=field(DATA))
    *_, said = await ask(api, "POST", ROOT, headers, DATA)
    assert (said.status, said.headers["repr-digest"]) == (201, field(DATA))
    evidence = await api.evidence(said.headers["evidence-location"])
    assert (evidence["state"], evidence["sha256"]) == ("received", hashlib.sha256(DATA).hexdigest())


async def test_another_file_than_was_sent_ends_and_every_answer_says_so(api: Api) -> None:
    path = await create(api, 8, Repr_Digest=field(DATA))
    changed = DATA[:-1] + b"!"
    assert (await append(api, path, 0, changed[:1000], complete=False, version=8)).status == 204
    for _ in range(2):
        said = await append(api, path, 1000, changed[1000:], complete=True, version=8)
        assert (said.status, said.json["code"], said.headers["upload-complete"]) == (
            422,
            "digest_mismatch",
            "?1",
        )
    async with api.session.get("/v1/evidence") as answer:
        (evidence,) = (await answer.json())["items"]
    assert (evidence["state"], evidence["code"]) == ("rejected", "digest_mismatch")
    assert evidence["sha256"] == hashlib.sha256(changed).hexdigest()


async def test_five_last_appends_at_once_of_another_file_all_say_so(api: Api) -> None:
    path = await create(api, 8, length=len(DATA), Repr_Digest=field(DATA + b"!"))
    said = await asyncio.gather(*(append(api, path, 0, DATA, complete=True, version=8) for _ in range(5)))
    assert {(one.status, one.json["code"]) for one in said} == {(422, "digest_mismatch")}


@pytest.mark.parametrize(("sent", "state"), [(DATA, "received"), (DATA + b"!", "rejected")])
async def test_what_nobody_finished_is_compared_too(
    api: Api, services: Services, sent: bytes, state: str
) -> None:
    """As if the process had died between the last byte and the end."""
    path = await create(api, 8, length=len(DATA), Repr_Digest=field(sent))
    upload = await services.uploads.load(path.rpartition("/")[2], None)
    async with services.store.open_writer(upload.ref) as writer:
        await writer.write([DATA])
    there = await stands(api, path)
    assert there.headers["upload-offset"] == str(len(DATA))
    await sweep(services, datetime.now(UTC))

    async def ended() -> bool:
        return (await services.evidence.load(upload.becomes, None)).state == state

    await until(ended)


async def test_an_empty_last_append_ends_what_nobody_finished(api: Api, services: Services) -> None:
    path = await create(api, 8, length=len(DATA), Repr_Digest=field(DATA))
    upload = await services.uploads.load(path.rpartition("/")[2], None)
    async with services.store.open_writer(upload.ref) as writer:
        await writer.write([DATA])
    assert (await stands(api, path)).headers["upload-complete"] == "?0"
    said = await append(api, path, len(DATA), b"", complete=True, version=8)
    assert (said.status, said.headers["repr-digest"]) == (201, field(DATA))
    assert await read_all(services.blobs, original_key(upload.becomes)) == DATA


async def test_a_digest_that_is_wanted_is_told_with_the_last_answer(api: Api) -> None:
    path = await create(api, 8, Want_Repr_Digest="sha-512=3, sha-256=10")
    first = await append(api, path, 0, DATA[:1000], complete=False, version=8)
    assert "repr-digest" not in first.headers
    last = await append(api, path, 1000, DATA[1000:], complete=True, version=8)
    assert last.headers["repr-digest"] == field(DATA)
    again = await append(api, path, 1000, DATA[1000:], complete=True, version=8)
    assert again.headers["repr-digest"] == field(DATA)


async def test_nobody_who_does_not_ask_is_told(api: Api) -> None:
    *_, said = await ask(api, "POST", ROOT, spoken(8, complete=True), DATA)
    assert "repr-digest" not in said.headers


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [("sha-256=1", True), ("sha-256=10;q=1", True), ("sha-256=0", False), ("sha-512=5", False),
     ("sha-256=11", False), ("sha-256=-1", False), ("sha-256=x", False), ("(", False), ("", False)],
)  # fmt: skip
def test_what_is_wanted(sent: str, wanted: bool) -> None:
    assert wants_digest(CIMultiDictProxy(CIMultiDict({"Want-Repr-Digest": sent}))) is wanted


async def test_a_repeated_creation_with_another_digest_is_422(api: Api) -> None:
    more = {"Idempotency_Key": "once"}
    headers = spoken(8, complete=False, Repr_Digest=field(b"hello"), **more)
    assert (await ask(api, "POST", ROOT, headers))[-1].status == 201
    headers = spoken(8, complete=False, Repr_Digest=field(b"HELLO"), **more)
    (said,) = await ask(api, "POST", ROOT, headers)
    assert (said.status, said.json["code"]) == (422, "idempotency_key_reused")
