import os
from dataclasses import replace
from pathlib import Path

from transcode.process import run
from transcode.sandbox import ENVIRONMENT, Limits, Room, SandboxKind, wrap

LIMITS = Limits(address_space_bytes=1 << 30, cpu_seconds=20, file_size_bytes=1 << 20)


def test_limits_alone_keep_the_paths():
    room = Room(SandboxKind.LIMITS, Path("/a/film"), Path("/b"))
    assert (room.source_inside, room.folder_inside) == (Path("/a/film"), Path("/b"))
    assert "bwrap" not in wrap(["true"], room, LIMITS).argv


def test_apart_the_paths_tell_nothing():
    room = Room(SandboxKind.BWRAP, Path("/a/film"), Path("/b"))
    assert (room.source_inside, room.folder_inside) == (Path("/in"), Path("/out"))


def test_every_limit_is_set_whatever_the_kind(kind):
    argv = wrap(["true"], Room(kind), LIMITS).argv
    assert {"--as=1073741824", "--cpu=20", "--fsize=1048576", "--nofile=128", "--core=0"} <= set(argv)
    assert argv[-1] == "true"


def test_the_environment_is_what_is_given_and_no_more(kind):
    command = wrap(["true"], Room(kind), LIMITS, {"A": "1"})
    assert command.environment == {**ENVIRONMENT, "A": "1"}


async def test_a_child_stands_back_as_far_as_it_is_told(kind):
    limits = replace(LIMITS, niceness=15)
    finished = await run(wrap(["nice"], Room(kind), limits), timeout_seconds=10)
    assert int(finished.stdout) == min(19, os.nice(0) + 15)


async def test_a_sandbox_holds_only_what_was_given(tmp_path):
    (tmp_path / "film").write_text("mine")
    (tmp_path / "other").write_text("not mine")
    (tmp_path / "out").mkdir()
    room = Room(SandboxKind.BWRAP, tmp_path / "film", tmp_path / "out")
    script = "cat /in; ls -a / /home /root /etc /out 2>&1; echo made > /out/made; echo x > /in"
    finished = await run(wrap(["sh", "-c", f"{script}; true"], room, LIMITS), timeout_seconds=10)
    said = finished.stdout.decode()
    assert said.startswith("mine")
    assert "not mine" not in said
    assert "passwd" not in said
    assert "cannot access '/home'" in said
    assert (tmp_path / "out" / "made").read_text() == "made\n"
    assert (tmp_path / "film").read_text() == "mine"
