"""The ids of events, which a client sends back as `Last-Event-ID`. Pure."""

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta

from gateway.problems import Problem

#: Changes become visible in another order than that of their times, and clocks differ: whoever goes on from a
#: time reads again from this much before it.
OVERLAP = timedelta(seconds=10)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
#: Up to the year 2286.
_MICROSECONDS = re.compile(r"\d{1,16}", re.ASCII)
_VERSION = re.compile(r"[1-9]\d{0,8}", re.ASCII)


def format_cursor(moment: datetime) -> str:
    """Return the opaque id that stands for everything up to a moment."""
    text = str((moment - _EPOCH) // _MICROSECOND)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def parse_cursor(text: str) -> datetime:
    """Return the moment of an id. Raises `Problem` (400) for what is none."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        decoded = base64.urlsafe_b64decode(padded).decode("ascii")
    except (UnicodeError, binascii.Error) as error:
        raise _not_ours() from error
    if not _MICROSECONDS.fullmatch(decoded):
        raise _not_ours()
    moment = _EPOCH + int(decoded) * _MICROSECOND
    # Decoders forgive strange letters and padding; only what we formatted is one.
    if format_cursor(moment) != text:
        raise _not_ours()
    return moment


def parse_version(text: str) -> int:
    """Return the version that an id of one piece of evidence is. Raises `Problem` (400)."""
    if not _VERSION.fullmatch(text):
        raise _not_ours()
    return int(text)


def _not_ours() -> Problem:
    detail = {"header": "Last-Event-ID", "expected": "the id of the last event of this stream, or not at all"}
    return Problem("invalid_header", detail)
