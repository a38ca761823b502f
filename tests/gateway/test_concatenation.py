"""Parts and the wholes made of them (tus 1.0.0, Concatenation)."""

import pytest

from config.formats import load_formats
from config.settings import Settings
from gateway.services import Services
from gateway.tus.concatenation import MOST_PARTS
from storage.evidence import original_key
from tests.gateway.conftest import OpenApi
from tests.gateway.wholes import PARTIAL, delete, new_part, new_whole, post
from tests.gateway.wire import connected, head_of
from tests.services.api import BYTES, TUS, Api, metadata
from tests.storage.blob_contract import read_all

pytestmark = pytest.mark.usefixtures("patient_joins")
JPG_LIMIT = load_formats().extensions["jpg"].accept_bytes


async def original(services: Services, evidence: str) -> bytes:
    return await read_all(services.blobs, original_key(evidence.rpartition("/")[2]))


async def test_a_part_is_never_evidence(api: Api) -> None:
    status, headers, _ = await post(api, b"hello", **PARTIAL, **{"Upload-Length": "5"})
    assert (status, headers["Upload-Offset"]) == (201, "5")
    assert "Evidence-Location" not in headers
    part = headers["Location"].removeprefix(api.url)
    head = await api.head(part)
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("5", "5")
    assert head.headers["Upload-Concat"] == "partial"
    assert "Evidence-Location" not in head.headers
    assert "Upload-Expires" in head.headers
    async with api.session.get("/v1/evidence") as answer:
        assert (await answer.json())["items"] == []


@pytest.mark.parametrize("absolute", [True, False])
async def test_a_whole_is_made_of_its_parts_in_the_order_asked_for(
    api: Api, services: Services, absolute: bool
) -> None:
    base = api.url if absolute else ""
    one, two = [base + await new_part(api, data) for data in (b"hello ", b"world")]
    whole, evidence = await new_whole(api, [two, one], "notes.txt")
    found = await api.evidence(evidence)
    assert (found["state"], found["size_bytes"], found["filename"]) == ("received", 11, "notes.txt")
    assert await original(services, evidence) == b"worldhello "
    head = await api.head(whole)
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("11", "11")
    assert head.headers["Upload-Concat"] == f"final;{two} {one}"
    assert head.headers["Upload-Metadata"] == metadata(filename="notes.txt")
    assert head.headers["Evidence-Location"] == evidence


async def test_a_part_may_stand_in_a_whole_twice_and_in_several_wholes(api: Api, services: Services) -> None:
    one, two = [await new_part(api, data) for data in (b"ab", b"c")]
    _, first = await new_whole(api, [one, two, one])
    _, second = await new_whole(api, [two])
    _, third = await new_whole(api, [two, one])
    assert [await original(services, evidence) for evidence in (first, second, third)] == [
        b"abcab",
        b"c",
        b"cab",
    ]


async def test_addresses_count_as_the_proxy_in_front_gave_them(api: Api) -> None:
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "Portal.example"}
    _, headers, _ = await post(api, b"hello", **PARTIAL, **forwarded, **{"Upload-Length": "5"})
    part = headers["Location"]
    assert part.lower().startswith("https://portal.example/v1/uploads/")
    for address in (part, part.replace("https", "http"), part.replace(".example", ".EXAMPLE:443")):
        status, _, _ = await post(api, **forwarded, **{"Upload-Concat": f"final;{address}"})
        assert status == 201, address
    status, _, refusal = await post(api, **{"Upload-Concat": f"final;{part}"})
    assert (status, refusal["code"]) == (400, "parts_not_found")


async def test_what_is_no_part_is_refused_alike_whatever_it_is(open_api: OpenApi, settings: Settings) -> None:
    api, other = await open_api(), await open_api(centre="GB002")
    part, foreign = await new_part(api, b"a"), await new_part(other, b"b")
    plain, _ = await api.create(5)
    cancelled = await new_part(api, b"c")
    assert await delete(api, cancelled) == 204
    whole, _ = await new_whole(api, [part])
    upload_id = part.rpartition("/")[2]
    addresses = [
        foreign, plain, whole, cancelled, "/v1/uploads/" + "n" * 32, "/v1/uploads/", "/v1/uploads", upload_id,
        f"http://evil.example{part}", f"http://evil.example@{api.url[7:]}{part}", f"//{api.url[7:]}{part}",
        f"ftp://{api.url[7:]}{part}", f"{api.url}{part}?x=1", f"{part}#x", f"{part}/", f"/x{part}",
        f"/v1/uploads/../uploads/{upload_id}", f"/v1/uploads/%2e%2e/{upload_id}", "/v1/uploads/../../x",
        f"/v1/uploads/{upload_id}%00", "file:///etc/passwd", f"/v1/evidence/{upload_id}", "http://[::1", ";",
        f"http://{'a' * 70}.example:99999{part}", f"/v1/uploads/{'x' * 3000}", f"{part},{part}",
    ]  # fmt: skip
    refusals = set()
    for address in addresses:
        for final in (f"final;{address}", f"final;{part} {address}"):
            status, headers, refusal = await post(api, **{"Upload-Concat": final})
            refusals.add((status, str(refusal), headers["Content-Length"]))
            assert status == 400, address
    assert len(refusals) == 1
    assert "parts_not_found" in str(refusals)
    assert await api.offset(part) == 1


@pytest.mark.parametrize(
    "value",
    ["", "Partial", "partial;", "final", "final;", "final; ", "whole;/a", "final,/v1/uploads/x", "final;/ä",
     "final;\t/a", "final;" + " ".join(["/v1/uploads/aaaaaaaaaaaaaaaa"] * (MOST_PARTS + 1))],
)  # fmt: skip
async def test_a_header_that_says_neither_is_400(api: Api, settings: Settings, value: str) -> None:
    headers = {**TUS, "Upload-Length": "5", "Upload-Concat": value}
    async with connected(api.url) as wire:
        await wire.send(head_of(api, "POST", "/v1/uploads", headers))
        status, _, body = await wire.answer()
    assert (status, b"Upload-Concat" in body) == (400, True)
    assert not list((settings.store / "uploads").iterdir())


async def test_two_headers_are_400(api: Api) -> None:
    headers = {**TUS, "Upload-Length": "5", "Upload-Concat": "partial\r\nUpload-Concat: partial"}
    async with connected(api.url) as wire:
        await wire.send(head_of(api, "POST", "/v1/uploads", headers))
        assert (await wire.answer())[0] == 400


@pytest.mark.parametrize("header", [{"Upload-Length": "5"}, {"Upload-Defer-Length": "1"}])
async def test_a_whole_is_sent_without_a_length(api: Api, header: dict[str, str]) -> None:
    part = await new_part(api, b"hello")
    status, _, refusal = await post(api, **header, **{"Upload-Concat": f"final;{part}"})
    assert (status, "Upload-Length" in refusal["detail"]) == (400, True)


async def test_a_whole_takes_no_bytes_of_its_own(api: Api) -> None:
    part = await new_part(api, b"hello", 3)
    status, _, refusal = await post(api, b"x", **{"Upload-Concat": f"final;{part}"})
    assert (status, refusal["code"]) == (400, "bad_request")
    whole, _ = await new_whole(api, [part])
    async with api.session.patch(whole, headers={**BYTES, "Upload-Offset": "3"}, data=b"lo") as answer:
        assert (answer.status, (await answer.json())["code"]) == (403, "whole_takes_no_bytes")
    assert (await api.patch(part, 3, b"lo")).status == 204
    assert (await api.patch(whole, 5, b"")).status == 403


async def test_a_whole_of_nothing_is_an_empty_file(api: Api) -> None:
    parts = [await new_part(api, b"") for _ in range(2)]
    whole, evidence = await new_whole(api, parts)
    assert (await api.evidence(evidence))["code"] == "empty_file"
    assert await api.offset(whole) == 0


async def test_a_part_needs_no_name_and_its_name_binds_nothing(api: Api) -> None:
    named = {"Upload-Metadata": metadata(filename="program.xyz"), "Upload-Length": "1"}
    status, headers, _ = await post(api, b"x", **PARTIAL, **named)
    assert status == 201
    status, _, refusal = await post(
        api, **{"Upload-Concat": f"final;{headers['Location']}", "Upload-Metadata": named["Upload-Metadata"]}
    )
    assert (status, refusal["code"]) == (415, "extension_not_accepted")


async def test_a_whole_beyond_what_its_extension_accepts_is_413_at_its_creation(api: Api) -> None:
    half = {**PARTIAL, "Upload-Length": str(JPG_LIMIT // 2 + 1)}
    parts = [(await post(api, **half))[1]["Location"] for _ in range(2)]
    final = {"Upload-Concat": f"final;{' '.join(parts)}"}
    status, _, refusal = await post(api, **final, **{"Upload-Metadata": metadata(filename="a.jpg")})
    assert (status, refusal["code"]) == (413, "file_too_large")
    assert (await post(api, **final))[0] == 201


async def test_without_room_for_the_copy_a_whole_is_507(
    api: Api, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    part = await new_part(api, b"hello" * 1000)
    monkeypatch.setattr("gateway.uploads.space.free_for_uploads", lambda *_: 4999)
    status, _, refusal = await post(api, **{"Upload-Concat": f"final;{part}"})
    assert (status, refusal["code"]) == (507, "storage_full")
    monkeypatch.undo()
    await new_whole(api, [part])


@pytest.mark.parametrize("chosen", [{"open_uploads_per_centre": 2}])
async def test_parts_count_as_open_uploads_until_their_whole_is_made(api: Api) -> None:
    part = await new_part(api, b"hello")
    other, _ = await api.create(5)
    assert (await post(api, **PARTIAL, **{"Upload-Length": "5"}))[0] == 429
    assert await delete(api, other) == 204
    await new_whole(api, [part])
    for _ in range(2):
        await api.create(5)
    assert (await post(api, **{"Upload-Length": "5"}))[0] == 429


async def test_repeated_creations_of_parts_and_wholes_answer_the_first(api: Api) -> None:
    once = {**PARTIAL, "Upload-Length": "5", "Idempotency-Key": "part"}
    first, again = [(await post(api, b"hello", **once))[1] for _ in range(2)]
    assert (again["Location"], again["Upload-Offset"]) == (first["Location"], "5")
    assert (await post(api, **{"Upload-Length": "5", "Idempotency-Key": "part"}))[0] == 422
    part = first["Location"]
    wholes = [await new_whole(api, [part], **{"Idempotency-Key": "whole"}) for _ in range(2)]
    assert wholes[0] == wholes[1]
    final = {"Upload-Concat": f"final;{part} {part}", "Idempotency-Key": "whole"}
    assert (await post(api, **final))[0] == 422
    assert await delete(api, part) == 204
    assert await new_whole(api, [part], **{"Idempotency-Key": "whole"}) == wholes[0]


async def test_a_part_sent_with_a_deferred_length(api: Api, services: Services) -> None:
    _, headers, _ = await post(api, b"hello", **PARTIAL, **{"Upload-Defer-Length": "1"})
    part = headers["Location"].removeprefix(api.url)
    whole, evidence = await new_whole(api, [part])
    head = await api.head(whole)
    assert (head.headers["Upload-Offset"], "Upload-Length" in head.headers) == ("5", False)
    assert "Upload-Defer-Length" not in head.headers
    sent = {**BYTES, "Upload-Offset": "5", "Upload-Length": "11"}
    async with api.session.patch(part, headers=sent, data=b" world") as answer:
        assert answer.status == 204
    assert await original(services, evidence) == b"hello world"
    assert (await api.head(whole)).headers["Upload-Length"] == "11"


async def test_deleting_parts_and_wholes_after_the_end_leaves_the_evidence(
    api: Api, services: Services, settings: Settings
) -> None:
    part = await new_part(api, b"hello")
    whole, evidence = await new_whole(api, [part])
    assert [await delete(api, path) for path in (part, whole)] == [204, 204]
    assert [(await api.head(path)).status for path in (part, whole)] == [404, 404]
    assert await original(services, evidence) == b"hello"
    assert not list((settings.store / "uploads").iterdir())
