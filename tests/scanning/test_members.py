import resource
import signal

import pytest

from scanning.findings import Flawed
from scanning.members import Member, MemberLimits, Members


def test_members_get_numbers_and_never_their_own_names(tmp_path):
    members = Members(tmp_path / "members")
    members.write("../../evil", [b"one", b"two"])
    members.write("x" * 500 + ".bin", [])
    assert members.written == [
        Member("../../evil", "000001", 6),
        Member("x" * 116 + ".bin", "000002", 0),
    ]
    assert (tmp_path / "members" / "000001").read_bytes() == b"onetwo"
    assert [path.name for path in tmp_path.iterdir()] == ["members"]


@pytest.mark.parametrize("limits", [MemberLimits(count=1), MemberLimits(total_bytes=9)])
def test_more_than_the_limits_is_unsafe(tmp_path, limits):
    members = Members(tmp_path, limits)
    members.write("a", [b"12345"])
    with pytest.raises(Flawed) as caught:
        members.write("b", [b"1234", b"5"])
    assert caught.value.problem.code == "unsafe_content"


def test_a_member_larger_than_the_process_may_write_is_held(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(Flawed) as caught:
            Members(tmp_path).write("a", [bytes(101)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert caught.value.problem.code == "held_suspicious"
