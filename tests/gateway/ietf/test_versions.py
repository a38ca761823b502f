"""Every interop version on the wire, and the final form: the echo, the words, the order of the answers."""

import pytest

from tests.gateway.conftest import OpenApi
from tests.gateway.ietf.speaking import (
    PARTIAL,
    ROOT,
    VERSIONS,
    Said,
    append,
    ask,
    create,
    is_complete,
    spoken,
    stands,
)
from tests.gateway.wire import connected, head_of
from tests.services.api import Api

UNKNOWN = ("0", "1", "2", "10", "99", "-3", "3.0", "6, 6", '"6"', "six", "?1", "")


def echo(said: Said) -> str | None:
    return said.headers.get("upload-draft-interop-version")


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_whole_file_in_one_request_is_announced_and_answered_with_its_evidence(
    api: Api, version: int | None
) -> None:
    headers = spoken(version, complete=True, Content_Disposition='inline; filename="essay.txt"')
    interim, final = await ask(api, "POST", ROOT, headers, b"hello")
    assert (interim.status, interim.body) == (104, b"")
    assert echo(interim) == (None if version is None else str(version))
    assert interim.headers["location"].startswith(f"{api.url}{ROOT}/")
    assert (final.status, final.headers["location"]) == (201, interim.headers["location"])
    assert is_complete(version, final)
    assert final.headers["upload-offset"] == "5"
    evidence = await api.evidence(final.headers["evidence-location"])
    assert (evidence["state"], evidence["filename"], evidence["size_bytes"]) == ("received", "essay.txt", 5)


@pytest.mark.parametrize("version", UNKNOWN)
async def test_a_client_of_an_unknown_version_is_served_but_never_sent_104(api: Api, version: str) -> None:
    (final,) = await ask(api, "POST", ROOT, spoken(version, complete=True), b"hello")
    assert (final.status, echo(final)) == (201, None)
    assert is_complete(version, final)
    (empty,) = await ask(api, "POST", ROOT, spoken(version, complete=False))
    assert empty.status == 201
    assert not is_complete(version, empty)


async def test_two_versions_in_one_request_are_unknown(api: Api) -> None:
    headers = {**spoken(6, complete=True), "upload-draft-interop-version": "7"}
    (final,) = await ask(api, "POST", ROOT, headers, b"hello")
    assert final.status == 201


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_upload_in_several_requests(api: Api, version: int | None) -> None:
    path = await create(api, version)
    first = await append(api, path, 0, b"hel", complete=False, version=version)
    assert (first.status, first.headers["upload-offset"], is_complete(version, first)) == (204, "3", False)
    there = await stands(api, path, version)
    assert (there.status, there.headers["upload-offset"], is_complete(version, there)) == (204, "3", False)
    assert there.headers["cache-control"] == "no-store"
    last = await append(api, path, 3, b"lo", complete=True, version=version)
    assert (last.status, last.headers["upload-offset"], is_complete(version, last)) == (201, "5", True)
    ended = await stands(api, path, version)
    assert (ended.headers["upload-offset"], ended.headers["upload-length"]) == ("5", "5")
    assert is_complete(version, ended)
    assert (await api.evidence(last.headers["evidence-location"]))["state"] == "received"


@pytest.mark.parametrize("version", VERSIONS)
async def test_limits_are_told_by_the_name_of_the_version(api: Api, version: int | None) -> None:
    path = await create(api, version, Content_Disposition="inline; filename=photo.jpg")
    there = await stands(api, path, version)
    if version in {3, 4, 5}:
        assert "upload-limit" not in there.headers
        return
    lifetime = "expires" if version == 6 else "max-age"
    assert there.limits.keys() == {"max-size", "min-size", lifetime}
    assert there.limits["min-size"] == 0
    assert 7 * 86_400 - 60 < there.limits[lifetime] <= 7 * 86_400


@pytest.mark.parametrize("version", VERSIONS)
async def test_appended_bytes_have_a_type_of_their_own_since_version_6(api: Api, version: int | None) -> None:
    path = await create(api, version)
    for sent in ("application/octet-stream", None):
        headers = {"Upload-Offset": "0", **spoken(version, complete=False)}
        typed = {"Content-Type": sent} if sent else {}
        *_, said = await ask(api, "PATCH", path, {**headers, **typed})
        if version in {3, 4, 5}:
            assert said.status == 204
        else:
            assert (said.status, said.json["code"]) == (415, "media_type")
            assert PARTIAL in said.json["detail"]
            assert not is_complete(version, said)


@pytest.mark.parametrize("version", [None, 3, 6, 9])
@pytest.mark.parametrize("path", [ROOT, f"{ROOT}/abc"])
async def test_options_tell_the_limits_without_a_key(
    open_api: OpenApi, version: int | None, path: str
) -> None:
    api = await open_api(key="")
    async with api.session.options(path, headers=spoken(version)) as answer:
        assert (answer.status, answer.headers["Accept-Patch"]) == (200, PARTIAL)
        told = answer.headers.get("Upload-Limit", "")
    expected = {3: "", 6: "max-size=53687091200, min-size=0, expires=604800"}
    assert told == expected.get(version, "max-size=53687091200, min-size=0, max-age=604800")


async def test_the_first_versions_word_is_not_understood_in_later_ones_nor_theirs_in_it(api: Api) -> None:
    for version, sent in ((3, "Upload-Complete"), (4, "Upload-Incomplete"), (None, "Upload-Incomplete")):
        (said,) = await ask(api, "POST", ROOT, {**spoken(version), sent: "?1"}, b"hello")
        assert (said.status, said.json["code"]) == (400, "invalid_header")


async def test_a_client_of_http_1_0_is_sent_no_104(api: Api) -> None:
    async with connected(api.url) as wire:
        head = head_of(api, "POST", ROOT, {**spoken(6, complete=True), "Content-Length": "5"})
        await wire.send(head.replace(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n") + b"hello")
        status, headers, _ = await wire.answer()
        assert (status, headers["upload-complete"]) == (201, "?1")
