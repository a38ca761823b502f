"""Structured fields (RFC 9651), as far as uploads need them: items, and dictionaries of items."""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from multidict import CIMultiDictProxy

#: What an item may be: numbers, text, bytes and truth; parameters are read and passed over.
Bare = int | float | str | bytes | bool

_KEY = re.compile(r"[a-z*][a-z0-9_.*-]*")
_BLANK = re.compile(r"[ \t]*")
_SPACES = re.compile(r" *")


def _bytes(text: str) -> bytes:
    # "parsers SHOULD NOT fail on … missing padding" (section 4.2.7)
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def _string(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


#: Forms of bare items in the order in which they are tried (section 4.2.3.1); the group is what counts.
_FORMS: Sequence[tuple[re.Pattern[str], Callable[[str], Bare]]] = (
    (re.compile(r"(-?[0-9]{1,12}\.[0-9]{1,3})(?![0-9.])"), float),
    (re.compile(r"(-?[0-9]{1,15})(?![0-9.])"), int),
    (re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"'), _string),
    (re.compile(r"([A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*)"), str),
    (re.compile(r":([A-Za-z0-9+/]*={0,2}):"), _bytes),
    (re.compile(r"\?([01])"), lambda text: text == "1"),
    (re.compile(r"@(-?[0-9]{1,15})"), int),
    (re.compile(r'%"([ !#-~]*)"'), str),
)


class Malformed(ValueError):
    """The text is no structured field of the form that is asked for."""


def parse_item(text: str) -> Bare:
    """Return the bare item of a field (section 4.2.3). Raises `Malformed`."""
    text = text.strip(" ")
    value, at = _item(text, 0)
    if at != len(text):
        raise Malformed(text)
    return value


def parse_dictionary(text: str) -> Mapping[str, Bare]:
    """Return a field's members by key (section 4.2.2). Raises `Malformed`, also for inner lists."""
    text = text.strip(" ")
    members: dict[str, Bare] = {}
    at = 0
    while at < len(text):
        if members:
            at = _comma(text, at)
        key, at = _match(_KEY, text, at)
        if text.startswith("=", at):
            members[key], at = _item(text, at + 1)
        else:
            members[key], at = True, _parameters(text, at)
    return members


def find_integer(headers: CIMultiDictProxy[str], name: str) -> int | None:
    """Return a header's non-negative integer.

    "Other values MUST cause the entire header field to be ignored": `None` then, and without the header.
    """
    value = _find(headers, name)
    return value if type(value) is int and value >= 0 else None


def find_boolean(headers: CIMultiDictProxy[str], name: str) -> bool | None:
    """Return a header's truth; `None` as for `find_integer`."""
    value = _find(headers, name)
    return value if isinstance(value, bool) else None


def find_dictionary(headers: CIMultiDictProxy[str], name: str) -> Mapping[str, Any]:
    """Return a header's members, none without the header. Raises `Malformed`."""
    return parse_dictionary(", ".join(headers.getall(name, [])))


def _find(headers: CIMultiDictProxy[str], name: str) -> Bare | None:
    try:
        return parse_item(", ".join(headers.getall(name, [])))
    except Malformed:
        return None


def _item(text: str, at: int) -> tuple[Bare, int]:
    value, at = _bare(text, at)
    return value, _parameters(text, at)


def _bare(text: str, at: int) -> tuple[Bare, int]:
    for form, convert in _FORMS:
        if match := form.match(text, at):
            try:
                return convert(match[1]), match.end()
            except ValueError as error:  # bytes that are no Base64
                raise Malformed(text) from error
    raise Malformed(text)


def _parameters(text: str, at: int) -> int:
    """Return where the parameters that begin here end."""
    while text.startswith(";", at):
        _, at = _match(_SPACES, text, at + 1)
        _, at = _match(_KEY, text, at)
        if text.startswith("=", at):
            _, at = _bare(text, at + 1)
    return at


def _comma(text: str, at: int) -> int:
    """Return where the next member begins. Raises `Malformed` without one."""
    _, at = _match(_BLANK, text, at)
    if not text.startswith(",", at):
        raise Malformed(text)
    return _match(_BLANK, text, at + 1)[1]


def _match(pattern: re.Pattern[str], text: str, at: int) -> tuple[str, int]:
    match = pattern.match(text, at)
    if match is None:
        raise Malformed(text)
    return match[0], match.end()
