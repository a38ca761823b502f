"""Structured fields: what RFC 9651 allows is understood, everything else is malformed."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from gateway.ietf.fields import Malformed, find_boolean, find_integer, parse_dictionary, parse_item

KEYS = st.from_regex(r"[a-z*][a-z0-9_.*-]*", fullmatch=True)
INTEGERS = st.integers(-(10**15) + 1, 10**15 - 1)
STRINGS = st.text(st.characters(min_codepoint=32, max_codepoint=126))


def headers(*values: str) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict([("Upload-Offset", value) for value in values]))


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def written(value: int | bool | str | bytes) -> str:
    if isinstance(value, bool):
        return "?1" if value else "?0"
    if isinstance(value, int):
        return str(value)
    return quoted(value) if isinstance(value, str) else f":{base64.b64encode(value).decode()}:"


VALUES = INTEGERS | st.booleans() | STRINGS | st.binary(max_size=70)


@given(VALUES, st.dictionaries(KEYS, VALUES, max_size=3))
def test_an_item_comes_back_as_it_was_whatever_its_parameters(value, parameters) -> None:
    tail = "".join(f";{key}={written(held)}" for key, held in parameters.items())
    assert parse_item(f" {written(value)}{tail} ") == value


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_a_dictionary_comes_back_as_it_was(members) -> None:
    text = " ,\t".join(f"{key}={written(held)}" for key, held in members.items())
    assert parse_dictionary(text) == members


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.5", 1.5),
        ("token/of:many*parts", "token/of:many*parts"),
        ("@1659578233", 1659578233),
        ('%"f%c3%bc"', "f%c3%bc"),
        (":aGVsbG8:", b"hello"),
        ("5;  a;b=?0;c=@1", 5),
        ("-0", 0),
    ],
)
def test_every_form_of_item_is_known(text: str, value: object) -> None:
    assert parse_item(text) == value


@pytest.mark.parametrize(
    "text",
    ["", " ", "1 2", "1,2", "1;", "1;A", "1.", "1.1234", "1" * 16, "--1", "+1", "?2", "?", '"a', '"\\a"',
     ":a:", ":====:", "::::", "(1 2)", "1\t", "é", "1;a=", "@", "\x00", "5\n"],
)  # fmt: skip
def test_what_is_no_item_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse_item(text)


@pytest.mark.parametrize(
    "text", ["a=1,", ",a=1", "a=1 b=2", "a=1,,b=2", "A=1", "a=(1 2)", "a=", "a==1", "=1"]
)
def test_what_is_no_dictionary_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse_dictionary(text)


def test_of_a_repeated_key_the_last_counts_and_a_bare_one_is_true() -> None:
    assert parse_dictionary("a=1, b;x=2, a=3") == {"a": 3, "b": True}


@given(st.text(max_size=30) | st.text('0123456789?:;=,.-@" ab', max_size=30))
def test_no_text_ends_the_parser_in_another_way(text: str) -> None:
    for parse in (parse_item, parse_dictionary):
        try:
            parse(text)
        except Malformed:
            continue


@pytest.mark.parametrize(
    "values", [[], ["-1"], ["1.0"], ["?1"], ['"1"'], ["1", "1"], ["1e3"], ["0x1"], ["1_0"]]
)
def test_what_is_no_count_of_bytes_is_ignored(values: list[str]) -> None:
    assert find_integer(headers(*values), "Upload-Offset") is None


def test_what_is_no_boolean_is_ignored() -> None:
    assert [find_boolean(headers(text), "Upload-Offset") for text in ("?1", "?0", "1", "true")] == [
        True,
        False,
        None,
        None,
    ]


def test_a_long_hostile_field_is_read_in_no_time() -> None:
    for text in ("1" + ";a" * 10_000, '"' + "\\\\" * 10_000, "a" * 30_000 + "\x00", ":" + "A" * 30_000):
        try:
            parse_item(text)
        except Malformed:
            continue
