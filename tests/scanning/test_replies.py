from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanning.errors import ScanError
from scanning.replies import Clean, EngineVersion, Infected, Unscanned, parse_reply, parse_version

KNOWN = [
    (b"fd[10]: OK\0", Clean()),
    (b"fd[7]: Eicar.Test.UNOFFICIAL FOUND\0", Infected("Eicar.Test.UNOFFICIAL")),
    (b"fd[7]: Win.Test(0123:456) FOUND\0", Infected("Win.Test(0123:456)")),
    (b"fd[7]: Heuristics.Phishing.Email FOUND\0", Infected("Heuristics.Phishing.Email")),
    (
        b"fd[9]: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0",
        Unscanned("Heuristics.Limits.Exceeded.MaxFileSize"),
    ),
    (b"fd[9]: Heuristics.Limits.Exceeded FOUND\0", Unscanned("Heuristics.Limits.Exceeded")),
    (b"fd[9]: Heuristics.Encrypted.PDF FOUND\0", Clean("Heuristics.Encrypted.PDF")),
    (b"fd[9]: Heuristics.Broken.Media.PNG FOUND\0", Clean("Heuristics.Broken.Media.PNG")),
    (b"fd[9]: Heuristics.OLE2.ContainsMacros.VBA FOUND\0", Clean("Heuristics.OLE2.ContainsMacros.VBA")),
]

NO_VERDICT = [
    b"",
    b"\0",
    b"fd[10]: OK",
    b"fd[10]: OK\n",
    b"fd[10]: O",
    b"fd[10]: ok\0",
    b"fd[10]: OK \0",
    b" fd[10]: OK\0",
    b"fd[10]:OK\0",
    b"fd[10]: OK\0\0",
    b"fd[10]: OK\0fd[11]: Eicar FOUND\0",
    b"fd[]: OK\0",
    b"fd[-1]: OK\0",
    b"fd[x]: OK\0",
    b"fd[\xd9\xa1]: OK\0",
    b"stream: OK\0",
    b"1: fd[10]: OK\0",
    b"fd[10]:  FOUND\0",
    b"fd[10]: Eicar\nTest FOUND\0",
    b"fd[10]: Eicar FOUND",
    b"fd[10]: No file descriptor received. ERROR\0",
    b"fd[10]: Eicar ERROR\0",
    b"UNKNOWN COMMAND\0",
    b"PONG\0",
    b"HTTP/1.1 200 OK\r\n\r\n",
]


@pytest.mark.parametrize(("reply", "meaning"), KNOWN)
def test_known_replies_mean_what_the_table_says(reply, meaning):
    assert parse_reply(reply) == meaning


@pytest.mark.parametrize("reply", NO_VERDICT)
def test_anything_else_is_an_error_and_never_clean(reply):
    with pytest.raises(ScanError):
        parse_reply(reply)


@given(st.binary(max_size=60))
def test_random_bytes_are_never_clean(reply):
    with pytest.raises(ScanError):
        parse_reply(reply)


@given(st.integers(0, 10), st.integers(0, 255))
def test_one_changed_byte_of_a_clean_reply_is_clean_only_if_it_is_the_number(index, value):
    reply = bytearray(b"fd[10]: OK\0")
    reply[index] = value
    if index in {3, 4} and chr(value).isdigit() and value < 128:
        assert parse_reply(bytes(reply)) == Clean()
    elif bytes(reply) != b"fd[10]: OK\0":
        with pytest.raises(ScanError):
            parse_reply(bytes(reply))


def test_version_without_a_database_has_unknown_age():
    assert parse_version(b"ClamAV 1.4.6\0") == EngineVersion("ClamAV 1.4.6", None, None)


def test_version_with_a_database_has_its_date_in_utc(monkeypatch):
    version = parse_version(b"ClamAV 1.4.6/27500/Thu Jan  9 10:40:12 2025\0")
    assert (version.engine, version.database) == ("ClamAV 1.4.6", 27500)
    assert version.signatures_at is not None
    assert version.signatures_at.tzinfo is UTC
    assert f"{version.signatures_at.astimezone():%Y-%m-%d %H:%M:%S}" == "2025-01-09 10:40:12"


def test_version_with_a_date_nobody_can_read_has_unknown_age():
    assert parse_version(b"ClamAV 1.4.6/27500/Xxx Jan  9 10:40:12 2025\0").signatures_at is None


@pytest.mark.parametrize(
    "reply", [b"", b"ClamAV 1.4.6", b"ClamAV\0", b"PONG\0", b"ClamAV 1.4.6\0x", b"Sophos 1\0"]
)
def test_anything_else_is_no_version(reply):
    with pytest.raises(ScanError):
        parse_version(reply)
