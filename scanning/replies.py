"""What clamd's replies mean: pure, and strict, because a reply misread as clean lets an infection in.

Source: clamd(8), "COMMANDS"; the replies to `zFILDES` and `zVERSION` as clamd 1.4 sends them.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from scanning.errors import ScanError

#: FOUND under these names means that clamd gave up at one of its limits: nothing is known of the rest.
LIMIT_PREFIX = "Heuristics.Limits.Exceeded"
#: FOUND under these names describes a file and accuses it of nothing. clamd reports them only after all
#: signatures were tried (`HeuristicScanPrecedence no`, its default).
FLAG_PREFIXES = ("Heuristics.Encrypted.", "Heuristics.Broken.", "Heuristics.OLE2.ContainsMacros")

_OK = re.compile(rb"fd\[[0-9]{1,9}\]: OK\0")
_FOUND = re.compile(rb"fd\[[0-9]{1,9}\]: ([!-~]{1,500}) FOUND\0")
_ERROR = re.compile(rb"fd\[[0-9]{1,9}\]: ([ -~]{1,500}) ERROR\0")
_VERSION = re.compile(r"(ClamAV [0-9][!-.0-~]{0,60})(?:/([0-9]{1,9})/([ -~]{24}))?")


@dataclass(frozen=True, slots=True)
class Clean:
    """Every signature was tried and none matched."""

    #: What clamd remarked on without accusing, such as `Heuristics.Encrypted.PDF`.
    flag: str | None = None


@dataclass(frozen=True, slots=True)
class Infected:
    """A signature matched."""

    signature: str


@dataclass(frozen=True, slots=True)
class Unscanned:
    """clamd stopped at one of its limits: neither clean nor infected."""

    limit: str


Reply = Clean | Infected | Unscanned


@dataclass(frozen=True, slots=True)
class EngineVersion:
    """What scanned, and with which signatures."""

    #: Such as `ClamAV 1.4.6`.
    engine: str
    #: Number of the daily database; `None`: clamd runs without an official one.
    database: int | None = None
    #: When that database was made; `None`: of unknown age.
    signatures_at: datetime | None = None


def parse_reply(reply: bytes) -> Reply:
    """Read all that clamd sent in answer to `zFILDES`; raises `ScanError` unless it is whole and known."""
    if _OK.fullmatch(reply):
        return Clean()
    if found := _FOUND.fullmatch(reply):
        return _parse_found(found[1].decode("ascii"))
    if error := _ERROR.fullmatch(reply):
        raise ScanError(f"clamd could not scan: {error[1].decode('ascii')}")
    raise ScanError(f"clamd sent no verdict but {reply[:80]!r} ({len(reply)} bytes)")


def _parse_found(name: str) -> Reply:
    if name.startswith(LIMIT_PREFIX):
        return Unscanned(name)
    if name.startswith(FLAG_PREFIXES):
        return Clean(flag=name)
    return Infected(name)


def parse_version(reply: bytes) -> EngineVersion:
    """Read the answer to `zVERSION`; raises `ScanError` if it is none.

    clamd writes the date in local time; it runs on this machine (we talk over a Unix socket), so this
    machine's zone is used.
    """
    text = reply.decode("ascii", errors="replace")
    match = _VERSION.fullmatch(text[:-1]) if text.endswith("\0") else None
    if match is None:
        raise ScanError(f"clamd sent no version but {reply[:80]!r}")
    engine, database, made = match.groups()
    if database is None:
        return EngineVersion(engine)
    return EngineVersion(engine, int(database), _parse_date(made))


def _parse_date(text: str) -> datetime | None:
    try:
        local = datetime.strptime(text, "%a %b %d %H:%M:%S %Y")  # noqa: DTZ007 (local time, as clamd writes it)
    except ValueError:
        return None
    return local.astimezone(UTC)
