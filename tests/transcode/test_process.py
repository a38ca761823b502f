import asyncio
import contextlib
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.transcode.processes import descendants, until
from transcode.errors import ChildDied, OutputTooLarge, ToolFailed, ToolStalled, ToolTimeout
from transcode.process import STDERR_TAIL_BYTES, run
from transcode.sandbox import Command, Limits, Room, SandboxKind, detect, wrap

LIMITS = Limits(address_space_bytes=1 << 30, cpu_seconds=20, file_size_bytes=1 << 20)


def shell(script: str) -> Command:
    return Command(("sh", "-c", script))


def limited(script: str, kind: SandboxKind, limits: Limits = LIMITS) -> Command:
    return wrap(("sh", "-c", script), Room(kind), limits)


async def test_output_and_complaints_are_returned():
    finished = await run(shell("echo out; echo one >&2; echo two >&2"), timeout_seconds=10)
    assert finished.stdout == b"out\n"
    assert finished.stderr_tail == "one\ntwo\n"
    assert finished.stderr_lines == 2


async def test_both_pipes_may_be_flooded():
    script = "yes out | head -c 3000000; yes err | head -c 3000000 >&2"
    finished = await run(shell(script), timeout_seconds=20)
    assert len(finished.stdout) == 3_000_000
    assert len(finished.stderr_tail) == STDERR_TAIL_BYTES
    assert finished.stderr_lines == 750_000


async def test_failure_carries_status_and_last_words():
    with pytest.raises(ToolFailed, match="why not") as failed:
        await run(shell("echo why not >&2; exit 3"), timeout_seconds=10)
    assert failed.value.returncode == 3


async def test_a_signal_is_an_observed_death(kind):
    with pytest.raises(ChildDied) as died:
        await run(limited("kill -SEGV $$", kind), timeout_seconds=10)
    assert died.value.signal == signal.SIGSEGV


async def test_processor_time_is_limited(kind):
    limits = Limits(address_space_bytes=1 << 30, cpu_seconds=1, file_size_bytes=1 << 20)
    with pytest.raises(ChildDied):
        await run(limited("while :; do :; done", kind, limits), timeout_seconds=20)


async def test_files_cannot_grow_beyond_their_limit(kind, tmp_path):
    room = Room(kind, folder=tmp_path)
    script = f"head -c 2000000 /dev/zero > {room.folder_inside}/large"
    with pytest.raises((ToolFailed, ChildDied)):
        await run(wrap(("sh", "-c", script), room, LIMITS), timeout_seconds=20)
    assert (tmp_path / "large").stat().st_size == LIMITS.file_size_bytes


async def test_too_much_output_is_an_error():
    with pytest.raises(OutputTooLarge):
        await run(shell("yes"), timeout_seconds=10, stdout_bytes=1000)


async def test_an_endless_line_is_an_error():
    with pytest.raises(OutputTooLarge):
        await run(shell("yes | tr -d '\\n'"), timeout_seconds=10, on_line=lambda line: True)


async def test_the_time_limit_kills_the_whole_group():
    before, begun = descendants(), time.monotonic()
    with pytest.raises(ToolTimeout):
        await run(shell("trap '' TERM; sleep 60 & sleep 60"), timeout_seconds=0.3)
    assert time.monotonic() - begun < 5
    assert descendants() <= before


async def test_a_stall_is_noticed_although_lines_come():
    lines = []

    def moved(line: str) -> bool:
        lines.append(line)
        return len(lines) < 3

    with pytest.raises(ToolStalled):
        await run(
            shell("while :; do echo same; sleep 0.05; done"),
            timeout_seconds=20,
            on_line=moved,
            stall_seconds=0.5,
        )
    assert lines


async def test_work_that_moves_on_is_no_stall():
    script = "for n in 1 2 3 4 5 6; do echo $n; sleep 0.2; done"
    await run(shell(script), timeout_seconds=20, on_line=lambda line: True, stall_seconds=0.8)


@pytest.mark.parametrize("script", ["exec sleep 60", "trap '' TERM; sleep 60 & wait; sleep 60"])
async def test_cancel_kills_everything_within_two_seconds(kind, script):
    before = descendants()
    for _ in range(3):  # a busy machine may be late, but hardly three times
        task = asyncio.create_task(run(limited(script, kind), timeout_seconds=60))
        await until(lambda: _running("sleep", "60") - before)
        begun = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        seconds = time.monotonic() - begun
        assert descendants() <= before
        if seconds < 2:
            break
    assert seconds < 2


async def test_an_error_of_the_listener_kills_the_child():
    before = descendants()

    def broken(line: str) -> bool:
        raise KeyError(line)

    with pytest.raises(KeyError):
        await run(shell("echo line; sleep 60"), timeout_seconds=20, on_line=broken)
    assert descendants() <= before


async def test_children_die_with_a_killed_parent(kind, tmp_path):
    script = f"""
import asyncio
from transcode.process import run
from transcode.sandbox import Limits, Room, SandboxKind, wrap
room = Room(SandboxKind({kind.value!r}))
command = wrap(("sleep", "61.5"), room, Limits(1 << 30, 20, 1 << 20))
asyncio.run(run(command, timeout_seconds=60))
"""
    before = descendants()
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", script)
    await until(lambda: _running("sleep", "61.5") - before, 30)
    started = descendants() - before
    parent.kill()
    await parent.wait()
    await until(lambda: not any(_alive(process) for process in started), 5)


def _running(*argv: str) -> set[int]:
    """Return the descendants that are this command by now, whatever ran it."""
    wanted = b"".join(f"{word}\0".encode() for word in argv)
    found = set()
    for process in descendants():
        with contextlib.suppress(OSError):
            if Path(f"/proc/{process}/cmdline").read_bytes() == wanted:
                found.add(process)
    return found


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_this_machine_has_namespaces():
    assert detect() is SandboxKind.BWRAP
