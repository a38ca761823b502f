"""Whatever a header says: the pure parsers return what they promise, or refuse as they promise."""

import asyncio
import base64
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from config.formats import extension_of
from gateway.addresses import absolute
from gateway.events.cursor import format_cursor, parse_cursor, parse_version
from gateway.http_range import Span, Unsatisfiable, is_unchanged, parse_range, range_applies
from gateway.openapi.headers import load_headers
from gateway.problems import Problem, problem_response
from gateway.tus.checksum import ALGORITHMS, Checksum, parse_checksum
from gateway.tus.concatenation import parse_concat
from gateway.tus.headers import NUMBER_DIGITS, parse_number
from gateway.tus.protocol import ROOT
from gateway.uploads.idempotency import parse_idempotency_key
from gateway.uploads.metadata import LONGEST_NAME, clean_name, filename_of, parse_metadata
from storage.errors import BadCursor
from storage.records.evidence import _format_cursor, _parse_cursor

T = TypeVar("T")

#: Letters with a meaning somewhere.
TEXT = st.text() | st.text(alphabet=' ,;:="\\/.\x00\x0b\x1c\x85\xa0\u2028%-+@#?[]Aa0=')
#: What aiohttp may hand over: any text, with bytes that were no UTF-8 as lone surrogates.
ANY = TEXT | st.binary(max_size=60).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
KEYS = st.from_regex(r"[!-+\--~]+", fullmatch=True)
PAIRS = st.dictionaries(KEYS, st.binary(max_size=100), max_size=8)
VALUES = st.lists(ANY, max_size=3)


class Connection(asyncio.Transport):
    """The address that a request came to."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"sockname": ("127.0.0.1", 8080)}.get(name, default)


def asked(sent: dict[str, str]) -> web.Request:
    return make_mocked_request("GET", "/", headers=sent, transport=Connection())


def headers(name: str, values: list[str]) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict((name, value) for value in values))


def parsed(parse: Callable[[], T], *codes: str) -> T | Problem:
    """Return what a parser makes of it; its refusal is one of a header, or has one of the codes."""
    try:
        return parse()
    except Problem as problem:
        refused = problem
    assert refused.code in {"invalid_header", *codes}
    assert 400 <= refused.status < 500
    return refused


def shown(problem: Problem) -> bytes:
    body = problem_response(problem).body
    assert isinstance(body, bytes)
    return body


@given(ANY)
def test_metadata_that_passes_can_be_reflected(text: str) -> None:
    pairs = parsed(lambda: parse_metadata(text))
    if not isinstance(pairs, Problem):
        assert re.fullmatch(r"[ -~\t]*", text)
        assert all(re.fullmatch(r"[!-+\--~]+", key) for key in pairs)


@given(PAIRS)
def test_metadata_comes_back_as_it_was(pairs: dict[str, bytes]) -> None:
    text = ",".join(f"{key} {base64.b64encode(value).decode()}" for key, value in pairs.items())
    assert parse_metadata(text) == pairs


@given(st.data())
def test_metadata_as_described_is_understood(data: st.DataObject) -> None:
    described = load_headers()["Upload-Metadata"].schema["pattern"]
    text = data.draw(st.from_regex(described, fullmatch=True, alphabet=st.characters(max_codepoint=127)))
    keys = [pair.partition(" ")[0] for pair in text.split(",")]
    if len(set(keys)) == len(keys):
        parse_metadata(text)


@given(st.text("secret<>&\x00\x1b\u202e", min_size=6))
def test_a_refusal_of_metadata_repeats_nothing_of_it(text: str) -> None:
    for header in (text, f"name {text}", f"a,a,{text}"):
        with suppress(Problem):
            parse_metadata(header)
            continue
        with pytest.raises(Problem) as refused:
            parse_metadata(header)
        assert text.encode(errors="replace") not in shown(refused.value)


@given(VALUES)
def test_a_number_is_one_or_refused(values: list[str]) -> None:
    number = parsed(lambda: parse_number(headers("Upload-Length", values), "Upload-Length"))
    if not isinstance(number, Problem):
        assert values == [] if number is None else 0 <= number < 10**NUMBER_DIGITS


@given(st.integers(min_value=0, max_value=10**NUMBER_DIGITS - 1))
def test_every_number_that_is_described_is_understood(number: int) -> None:
    assert parse_number(headers("Upload-Offset", [str(number)]), "Upload-Offset") == number


@given(VALUES)
def test_a_repeated_requests_key_is_as_described_or_refused(values: list[str]) -> None:
    key = parsed(lambda: parse_idempotency_key(headers("Idempotency-Key", values)))
    described = load_headers()["Idempotency-Key"].schema["pattern"]
    if not isinstance(key, Problem):
        assert values == [] if key is None else ([key] == values and re.search(described, key))


@given(ANY | st.from_regex(r"bytes=\d{0,20}-\d{0,20}", fullmatch=True), st.integers(0, 10**15))
def test_a_range_lies_within_the_file(text: str, size: int) -> None:
    with suppress(Unsatisfiable):
        span = parse_range(text, size)
        assert span is None or 0 <= span.first <= span.last < size


@given(st.integers(0, 10**15), st.integers(0, 10**15), st.integers(0, 10**6))
def test_a_range_comes_back_as_it_was(first: int, length: int, more: int) -> None:
    last = first + length
    assert parse_range(f"bytes={first}-{last}", last + 1 + more) == Span(first, last)


@given(ANY, ANY)
def test_tags_are_compared_and_never_raise(text: str, other: str) -> None:
    etag = '"abc"'
    assert is_unchanged(f'{other}, "abc"', etag) in {True, False}
    assert is_unchanged('W/"abc"', etag)
    assert not is_unchanged(None, etag)
    assert range_applies(text, etag) == (text.strip() == etag)


@given(TEXT, TEXT, TEXT)
def test_an_address_is_always_a_web_address_of_this_path(proto: str, forwarded: str, host: str) -> None:
    sent = {"X-Forwarded-Proto": proto, "X-Forwarded-Host": forwarded, "Host": host}
    address = absolute(asked(sent), "/v1/uploads/abc")
    url = URL(address)
    assert (url.scheme in {"http", "https"}, url.path) == (True, "/v1/uploads/abc")
    assert re.fullmatch(r"[!-~]+", address)
    assert (url.user, url.password, url.query_string, url.fragment) == (None, None, "", "")


@given(ANY)
def test_a_name_is_a_label_and_never_a_path(name: str) -> None:
    cleaned = clean_name(name)
    if cleaned is None:
        return
    assert 0 < len(cleaned) <= LONGEST_NAME
    assert not re.search(r"[/\\\x00-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", cleaned)
    assert cleaned not in {".", ".."}
    assert cleaned.strip() == cleaned
    assert clean_name(cleaned) == cleaned


@given(st.text(min_size=1, max_size=600), st.sampled_from(["mov", "MP4", "docx", "tar"]))
def test_a_long_name_keeps_its_extension(stem: str, extension: str) -> None:
    cleaned = clean_name(f"x{stem}x.{extension}")
    assert cleaned is not None
    assert extension_of(cleaned) == extension.lower()


@given(st.dictionaries(KEYS | st.just("filename"), st.binary(max_size=400)))
def test_any_metadata_has_a_name_or_none(pairs: dict[str, bytes]) -> None:
    name = filename_of(pairs)
    assert name is None or name.encode()


@given(ANY | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_a_cursor_is_one_that_was_given_out(text: str) -> None:
    with suppress(BadCursor):
        assert _format_cursor(_parse_cursor(text)) == text
    moment, version = parsed(lambda: parse_cursor(text)), parsed(lambda: parse_version(text))
    assert isinstance(moment, Problem) or format_cursor(moment) == text
    assert isinstance(version, Problem) or str(version) == text


@given(TEXT | st.lists(TEXT, max_size=3).map(lambda parts: f"final;{' '.join(parts)}"))
def test_parts_are_named_by_ids_and_nothing_else_is_reflected(text: str) -> None:
    found = parsed(lambda: parse_concat(asked({"Upload-Concat": text})), "parts_not_found")
    if not isinstance(found, Problem):
        shown_again, ids = found
        assert shown_again == text
        assert re.fullmatch(r"[ -~]+", text)
        assert all(re.fullmatch(r"[A-Za-z0-9_-]{16,64}", part) for part in ids)


@given(
    st.lists(st.from_regex(r"[A-Za-z0-9_-]{16,64}", fullmatch=True), min_size=1, max_size=20), st.booleans()
)
def test_the_parts_of_a_whole_come_back_in_their_order(ids: list[str], is_absolute: bool) -> None:
    origin = "http://board.example" if is_absolute else ""
    header = "final;" + " ".join(f"{origin}{ROOT}/{part}" for part in ids)
    assert parse_concat(asked({"Upload-Concat": header, "Host": "board.example"})) == (header, tuple(ids))


@given(st.from_regex(r"https?://[!-.0-~]{1,30}", fullmatch=True))
def test_parts_of_another_server_are_none(origin: str) -> None:
    header = f"final;{origin}.evil.example{ROOT}/{'a' * 32}"
    assert isinstance(
        parsed(lambda: parse_concat(asked({"Upload-Concat": header})), "parts_not_found"), Problem
    )


@given(VALUES | st.tuples(st.sampled_from([*ALGORITHMS]), TEXT).map(lambda pair: [" ".join(pair)]))
def test_a_checksum_is_a_whole_digest_or_refused(values: list[str]) -> None:
    checksum = parsed(lambda: parse_checksum(headers("Upload-Checksum", values)), "checksum_algorithm")
    if isinstance(checksum, Problem):
        assert len(shown(checksum)) < 1000
    elif checksum:
        assert len(checksum.digest) == len(ALGORITHMS[checksum.algorithm]().digest())


@given(st.sampled_from([*ALGORITHMS]), st.binary(max_size=200))
def test_a_checksum_comes_back_as_it_was(algorithm: str, body: bytes) -> None:
    digest = ALGORITHMS[algorithm]()
    digest.update(body)
    text = f"{algorithm} {base64.b64encode(digest.digest()).decode()}"
    assert re.search(load_headers()["Upload-Checksum"].schema["pattern"], text)
    assert parse_checksum(headers("Upload-Checksum", [text])) == Checksum(algorithm, digest.digest())
