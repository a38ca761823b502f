"""Names in `Content-Disposition`."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from gateway.ietf.disposition import metadata_of, parse_filename
from gateway.uploads.metadata import filename_of, parse_metadata
from tests.gateway.ietf.speaking import ROOT, ask, spoken
from tests.services.api import Api, metadata


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ('inline; filename="a b.jpg"', "a b.jpg"),
        ("attachment; filename=a.jpg", "a.jpg"),
        ("ATTACHMENT;FILENAME=a.jpg", "a.jpg"),
        ("inline ; filename = a.jpg ; size=5", "a.jpg"),
        ("inline; filename=\"x.txt\"; filename*=UTF-8''file%20name.jpg", "file name.jpg"),
        ("inline; filename*=utf-8'en'%e2%82%ac.pdf; filename=euro.pdf", "€.pdf"),
        ("inline; filename*=ISO-8859-1''%e9t%e9.mov", "été.mov"),
        ("inline; filename*=UTF-8''%ff.mov; filename=ok.mov", "ok.mov"),
        ("inline; filename*=koi8-r''a.mov; filename=ok.mov", "ok.mov"),
        ("inline; filename*=a.mov; filename=ok.mov", "ok.mov"),
        ('inline; filename="a\\"b\\\\c.mov"', 'a"b\\c.mov'),
        ('inline; filename="C:\\films\\dance.mov"', "C:\\films\\dance.mov"),
        ("inline; filename=one.mov; filename=two.mov", "one.mov"),
        ('inline; name="field"; filename="é.mov"', "é.mov"),
        ("inline", None),
        ("", None),
        (";;;", None),
        ('inline; filename="unfinished', None),
        ("inline; filename=", None),
    ],
)
def test_the_name_in_a_disposition(sent: str, name: str | None) -> None:
    assert parse_filename(sent) == name


@given(st.text(max_size=60) | st.text("; filename*='\"\\%=ab", max_size=60))
def test_any_disposition_gives_metadata_that_can_be_kept(sent: str) -> None:
    kept = metadata_of(CIMultiDictProxy(CIMultiDict({"Content-Disposition": sent})))
    name = filename_of(parse_metadata(kept))
    assert name is None or not set(name) & set("/\\\x00\r\n")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_an_extended_name_comes_back_as_it_was(name: str) -> None:
    encoded = "".join(f"%{byte:02x}" for byte in name.encode())
    assert parse_filename(f"inline; filename=x; filename*=UTF-8''{encoded}") == name


async def evidence_of(api: Api, **headers: str) -> dict[str, object]:
    *_, said = await ask(api, "POST", ROOT, spoken(8, complete=True, **headers), b"hello")
    assert said.status == 201, said
    return await api.evidence(said.headers["evidence-location"])


async def test_the_name_binds_the_content_and_is_made_harmless(api: Api) -> None:
    sent = "inline; filename*=UTF-8''..%2F..%2Fetc%2F%E2%80%AEessay.txt"
    assert (await evidence_of(api, Content_Disposition=sent))["filename"] == "essay.txt"


async def test_without_a_disposition_the_name_of_tus_clients_is_taken(api: Api) -> None:
    named = await evidence_of(api, Upload_Metadata=metadata(filename="essay.txt"))
    assert named["filename"] == "essay.txt"
    assert (await evidence_of(api))["filename"] is None


async def test_a_disposition_comes_before_metadata(api: Api) -> None:
    both = {"Content_Disposition": "inline; filename=a.txt", "Upload_Metadata": metadata(filename="b.txt")}
    assert (await evidence_of(api, **both))["filename"] == "a.txt"


@pytest.mark.parametrize("sent", ["filename ***", "a,a", f"filename {base64.b64encode(b'x').decode()}, ,"])
async def test_malformed_metadata_is_400(api: Api, sent: str) -> None:
    (said,) = await ask(api, "POST", ROOT, spoken(8, complete=True, Upload_Metadata=sent), b"hello")
    assert (said.status, said.json["code"]) == (400, "invalid_header")


async def test_a_name_that_is_not_accepted_is_415_before_a_byte_is_read(api: Api) -> None:
    headers = {"Expect": "100-continue", **spoken(8, complete=True)}
    headers["Content-Disposition"] = "inline; filename=letter.xyz"
    (said,) = await ask(api, "POST", ROOT, headers)
    assert (said.status, said.json["code"], said.headers["upload-complete"]) == (
        415,
        "extension_not_accepted",
        "?0",
    )
