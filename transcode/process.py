"""The one place where child processes start, are listened to, and are ended."""

import asyncio
import contextlib
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from transcode.errors import ChildDied, OutputTooLarge, ToolFailed, ToolStalled, ToolTimeout
from transcode.sandbox import Command

#: What a child is given between SIGTERM and SIGKILL; and for being reaped after that.
GRACE_SECONDS = 1.0
REAP_SECONDS = 5.0
STDOUT_BYTES = 8 << 20
STDERR_TAIL_BYTES = 16 << 10
LINE_BYTES = 64 << 10
#: Longest line that `readline` gives.
MESSAGE_BYTES = 1 << 20
#: How often, and how long after each other, is looked for who has a mark.
_LOOKS = 20
_LOOK_SECONDS = 0.1

#: Whose child a process is: in its environment, which also what lost its arguments or its parent still has.
MARK = "CHILD_OF"
OWN_MARK = f"{os.getpid()}-{secrets.token_hex(8)}"

Process = asyncio.subprocess.Process


@dataclass(frozen=True, slots=True)
class Finished:
    """What a child that ended well left behind."""

    stdout: bytes
    stderr_tail: str
    #: How many lines it wrote to standard error, of which the tail keeps the last.
    stderr_lines: int


class _Tail:
    """The end of a stream, and how many lines there were."""

    def __init__(self) -> None:
        self.kept = b""
        self.lines = 0

    def add(self, chunk: bytes) -> None:
        self.lines += chunk.count(b"\n")
        self.kept = (self.kept + chunk)[-STDERR_TAIL_BYTES:]

    @property
    def text(self) -> str:
        return self.kept.decode(errors="replace")


async def start(
    command: Command,
    *,
    stdin: int = asyncio.subprocess.DEVNULL,
    stderr: int | IO[bytes] = asyncio.subprocess.PIPE,
) -> Process:
    """Start the command in a process group of its own; whoever starts it calls `end`."""
    return await asyncio.create_subprocess_exec(
        *command.argv,
        env={**command.environment, MARK: OWN_MARK},
        stdin=stdin,
        stdout=asyncio.subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
        limit=MESSAGE_BYTES,
    )


async def end(process: Process) -> None:
    """Kill what is left of the group (SIGTERM, then SIGKILL) and wait until it is gone.

    The group is killed also when its leader has ended: a bubblewrap that lost its parent before it was
    armed to die with it waits for ever, ignores SIGTERM and holds standard output open.
    """
    gone = asyncio.gather(process.wait(), _discard(process.stdout), _discard(process.stderr))
    try:
        if process.returncode is None:
            _signal(process, signal.SIGTERM)
            await asyncio.wait([gone], timeout=GRACE_SECONDS)
    finally:
        _signal(process, signal.SIGKILL)
    async with asyncio.timeout(REAP_SECONDS):
        await gone


async def run(
    command: Command,
    *,
    timeout_seconds: float,
    stdout_bytes: int = STDOUT_BYTES,
    on_line: Callable[[str], bool] | None = None,
    stall_seconds: float | None = None,
) -> Finished:
    """Run the command to its end; on cancellation or failure its whole group is dead when this returns.

    With `on_line`, standard output is handed over line by line; the callback says whether the work moved on,
    which is what `stall_seconds` measures. Raises `ToolFailed`, `ChildDied`, `ToolTimeout`, `ToolStalled`,
    `OutputTooLarge`.
    """
    process, tail = await start(command), _Tail()
    errors = asyncio.create_task(_read_tail(process.stderr, tail))
    try:
        async with asyncio.timeout(timeout_seconds) as clock:
            stdout = await _read_stdout(process, stdout_bytes, on_line, stall_seconds)
            await errors
            await process.wait()
    except TimeoutError as error:
        if not clock.expired():
            raise
        raise ToolTimeout(f"not done within {timeout_seconds:.0f} s: {tail.text[-500:]}") from error
    finally:
        errors.cancel()
        await asyncio.wait([errors])
        await end(process)
    check_end(process.returncode, tail.text)
    return Finished(stdout, tail.text, tail.lines)


def kill_strays(folder: Path) -> None:
    """Kill children of a killed process that still name its private folder in their arguments.

    The kernel kills children with their parent, but for one that was starting at that moment (see `end`).
    """
    _kill_who_has(os.fsencode(folder) + b"/", "cmdline")


def kill_marked(mark: str) -> None:
    """Kill children of a killed process whose `OWN_MARK` that was, whatever their arguments are. Blocks.

    Looks again until nobody has the mark any more, because one that is starting makes another: 2 s at most.
    """
    for _ in range(_LOOKS):
        if not _kill_who_has(os.fsencode(f"{MARK}={mark}\0"), "environ"):
            return
        time.sleep(_LOOK_SECONDS)


def _kill_who_has(text: bytes, file: str) -> int:
    """Kill all processes that have the text in that file of theirs, and return how many there were."""
    found = 0
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and text in (entry / file).read_bytes():
                os.kill(int(entry.name), signal.SIGKILL)
                found += 1
    return found


def check_end(returncode: int | None, stderr_tail: str) -> None:
    """Raise `ChildDied` or `ToolFailed` unless the status says that all went well.

    A shell's 128 + n is what a sandbox reports when the child inside it was killed by signal n.
    """
    if returncode is None or returncode == 0:
        return
    if returncode < 0:
        raise ChildDied(-returncode, stderr_tail)
    if 128 < returncode <= 128 + signal.NSIG:
        raise ChildDied(returncode - 128, stderr_tail)
    raise ToolFailed(returncode, stderr_tail)


async def _read_stdout(
    process: Process, limit_bytes: int, on_line: Callable[[str], bool] | None, stall_seconds: float | None
) -> bytes:
    try:
        async with asyncio.timeout(stall_seconds) as clock:
            if on_line is None:
                return await _read_bytes(process.stdout, limit_bytes)
            async for line in _lines(process.stdout):
                if on_line(line) and stall_seconds is not None:
                    clock.reschedule(asyncio.get_running_loop().time() + stall_seconds)
    except TimeoutError as error:
        if not clock.expired():
            raise
        raise ToolStalled(f"nothing moved for {stall_seconds} s") from error
    return b""


async def _lines(stream: asyncio.StreamReader | None) -> AsyncIterator[str]:
    pending = b""
    while stream and (chunk := await stream.read(LINE_BYTES)):
        *lines, pending = (pending + chunk).split(b"\n")
        if len(pending) > LINE_BYTES:
            raise OutputTooLarge(f"a line of more than {LINE_BYTES} bytes")
        for line in lines:
            yield line.decode(errors="replace")


async def _read_bytes(stream: asyncio.StreamReader | None, limit_bytes: int) -> bytes:
    kept = bytearray()
    while stream and (chunk := await stream.read(LINE_BYTES)):
        kept += chunk
        if len(kept) > limit_bytes:
            raise OutputTooLarge(f"more than {limit_bytes} bytes on standard output")
    return bytes(kept)


async def _read_tail(stream: asyncio.StreamReader | None, tail: _Tail) -> None:
    while stream and (chunk := await stream.read(LINE_BYTES)):
        tail.add(chunk)


async def _discard(stream: asyncio.StreamReader | None) -> None:
    while stream and await stream.read(LINE_BYTES):
        pass


def _signal(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
