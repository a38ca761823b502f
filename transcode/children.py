"""A pool of pre-started, sandboxed Python children, each used for one call and then thrown away.

The input is linked (or copied) into a folder that the child sees read-only, so not even a child that was
taken over can change it; files it makes land in a private folder that vanishes with the result.
"""

import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transcode.diagnosis import diagnose
from transcode.errors import (
    NoChild,
    NoSpace,
    OutputTooLarge,
    SourceDamaged,
    SourceRefused,
    ToolError,
    ToolFailed,
    ToolTimeout,
)
from transcode.process import STDERR_TAIL_BYTES, Process, check_end, end, start
from transcode.sandbox import Limits, Room, SandboxKind, detect, wrap
from transcode.scratch import check_regular, give, open_folder

#: Time a child may take to import its modules, and to end after its answer.
START_SECONDS = 60.0
EXIT_SECONDS = 2.0
#: Pause before a used child is replaced, unless somebody finds none: its start would compete with the call.
REST_SECONDS = 0.5
#: Pause after a child that could not be started.
RETRY_SECONDS = 1.0
#: A document may hold a film that is nearly as large as itself.
CHILD_LIMITS = Limits(address_space_bytes=4 << 30, cpu_seconds=600, file_size_bytes=5 << 30)
ROOT = Path(__file__).resolve().parents[1]
INPUT = "original"
CHILD_ENVIRONMENT: Mapping[str, str] = {
    "PYTHONPATH": str(ROOT),
    "VIPS_BLOCK_UNTRUSTED": "1",
    "VIPS_CONCURRENCY": "2",
    "MALLOC_ARENA_MAX": "2",
}


@dataclass(frozen=True, slots=True)
class ChildResult:
    """What the function returned, and the folder of the files it made."""

    value: Any
    folder: Path

    def file(self, name: object) -> Path:
        """Return a file that the function made and named.

        What a child says may not be trusted: raises `ToolFailed` for anything but a plain file in its folder.
        """
        if not isinstance(name, str) or not name or "\0" in name or Path(name).name != name:
            raise ToolFailed(0, f"a child named what is no file of its own: {name!r:.200}")
        path = self.folder / name
        if path.is_symlink() or not path.is_file():
            raise ToolFailed(0, f"a child named a file that it did not make: {name!r:.200}")
        return path


class ChildPool:
    """Idle children, ready to be called."""

    def __init__(self, preload: Sequence[str], scratch: Path, kind: SandboxKind) -> None:
        self._preload = preload
        self._scratch = scratch
        self._kind = kind
        self._ready: asyncio.Queue[_Child] = asyncio.Queue()
        #: Somebody found no idle child.
        self._hungry = asyncio.Event()
        self._failure: Exception | None = None

    @asynccontextmanager
    async def call(
        self,
        function: str,
        arguments: Mapping[str, Any],
        *,
        input: Path,  # noqa: A002 - the word callers read
        timeout_seconds: float,
    ) -> AsyncIterator[ChildResult]:
        """Run `package.module:function(input_path=…, folder=…, **arguments)` in a child of its own.

        Arguments and value are JSON. The result's folder is gone when the context closes. Raises `NoChild`,
        `ChildDied`, `ToolTimeout`, `ToolFailed` (with the function's own message), or the error of this
        package that the function raised.
        """
        child = await self._take()
        try:
            value = await child.answer(function, arguments, input, timeout_seconds)
            yield ChildResult(value, child.made)
        finally:
            await child.close()

    async def fill(self, child: "_Child | None") -> None:
        """Keep one idle child ready, `child` to begin with, for as long as this runs."""
        while True:
            try:
                child = child or await start_child(self._preload, self._scratch, self._kind)
            except (ToolError, OSError) as error:
                self._failure = error
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._failure = None
            self._ready.put_nowait(child)
            await child.until_taken()
            child = None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REST_SECONDS):
                    await self._hungry.wait()

    async def _take(self) -> "_Child":
        try:
            async with asyncio.timeout(START_SECONDS):
                while True:
                    if self._ready.empty():
                        self._hungry.set()
                    child = await self._ready.get()
                    self._hungry.clear()
                    child.taken.set()
                    if child.process.returncode is None:
                        return child
                    await child.close()
        except TimeoutError as error:
            raise NoChild(f"none was ready within {START_SECONDS:.0f} s: {self._failure}") from error


@asynccontextmanager
async def open_children(
    preload: Sequence[str], idle: int, scratch: Path, *, kind: SandboxKind | None = None
) -> AsyncIterator[ChildPool]:
    """Keep `idle` children ready that have imported `preload` (dotted names); a used one is replaced.

    `scratch` should be on the inputs' file system, or each input is copied. Raises `ToolError` if the first
    child cannot be started.
    """
    kind = kind or detect()
    async with open_folder(scratch) as folder:
        pool = ChildPool(preload, folder, kind)
        first = await start_child(preload, folder, kind)
        fillers = [asyncio.create_task(pool.fill(None if n else first)) for n in range(idle)]
        try:
            yield pool
        finally:
            for filler in fillers:
                filler.cancel()
            await asyncio.gather(*fillers, return_exceptions=True)


async def start_child(preload: Sequence[str], scratch: Path, kind: SandboxKind) -> "_Child":
    """Start one child and wait until it has imported `preload`; raises `ToolError`."""
    folder = Path(tempfile.mkdtemp(prefix="child-", dir=scratch))
    for name in ("in", "out"):
        (folder / name).mkdir(mode=0o700)
    room = Room(kind, folder / "in", folder / "out", _programs(preload))
    command = wrap(
        (sys.executable, "-P", "-B", "-m", "transcode.child", *preload), room, CHILD_LIMITS, CHILD_ENVIRONMENT
    )
    with (folder / "stderr").open("wb") as stderr:
        process = await start(command, stdin=asyncio.subprocess.PIPE, stderr=stderr)
    child = _Child(process, room, folder)
    try:
        async with asyncio.timeout(START_SECONDS):
            await child.listen()
    except TimeoutError as error:
        await child.close()
        raise ToolTimeout(f"a child was not ready within {START_SECONDS:.0f} s") from error
    except BaseException:
        await child.close()
        raise
    return child


class _Child:
    """One child: idle, then called once, then closed."""

    def __init__(self, process: Process, room: Room, folder: Path) -> None:
        self.process = process
        self.taken = asyncio.Event()
        self.made = folder / "out"
        self._room = room
        self._folder = folder

    async def until_taken(self) -> None:
        """Return when somebody took it; close it if that will not be."""
        try:
            await self.taken.wait()
        finally:
            if not self.taken.is_set():
                await self.close()

    async def answer(
        self, function: str, arguments: Mapping[str, Any], source: Path, timeout_seconds: float
    ) -> Any:  # noqa: ANN401 - JSON
        """Make the one call and return its value once the child is gone."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await asyncio.to_thread(give, source, self._folder / "in" / INPUT)
                await self._ask(function, arguments)
                reply = await self.listen()
        except TimeoutError as error:
            raise ToolTimeout(f"{function} was not done within {timeout_seconds:.0f} s") from error
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(EXIT_SECONDS):
                await self.process.wait()
        await end(self.process)
        check_regular(self.made)
        if "error" in reply:
            raise _error(str(reply["error"]), str(reply.get("message")))
        return reply.get("value")

    async def listen(self) -> Mapping[str, Any]:
        """Return the child's next message; raises `ToolError` if it ended instead or spoke nonsense."""
        stream = self.process.stdout
        try:
            line = await stream.readline() if stream else b""
            message = json.loads(line) if line else None
        except (ValueError, RecursionError) as error:
            raise OutputTooLarge("a child's message was too long or not JSON") from error
        if isinstance(message, dict):
            return message
        await self.process.wait()
        tail = _tail(self._folder / "stderr")
        check_end(self.process.returncode, tail)
        raise ToolFailed(0, f"a child ended without an answer: {tail}")

    async def close(self) -> None:
        """End the child and remove its folder."""
        if self.process.stdin:
            self.process.stdin.close()
        try:
            await end(self.process)
        finally:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _ask(self, function: str, arguments: Mapping[str, Any]) -> None:
        request = {
            "function": function,
            "arguments": dict(arguments),
            "input": f"{self._room.source_inside}/{INPUT}",
            "folder": str(self._room.folder_inside),
        }
        if self.process.stdin:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            with contextlib.suppress(ConnectionError):  # a child that is gone is noticed by listening
                await self.process.stdin.drain()


def _programs(preload: Sequence[str]) -> tuple[Path, ...]:
    """Return what a Python child must be able to read: interpreter, environment, this project's packages."""
    packages = {"config", "transcode", *(name.partition(".")[0] for name in preload)}
    own = (ROOT / name for name in sorted(packages))
    return (Path(sys.base_prefix), Path(sys.prefix), *(path for path in own if path.is_dir()))


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - STDERR_TAIL_BYTES))
        return file.read().decode(errors="replace")


def _error(name: str, message: str) -> ToolError:
    """Return the error of this package that the child named, or `ToolFailed`."""
    named = {"NoSpace": NoSpace, "SourceDamaged": SourceDamaged, "SourceRefused": SourceRefused}.get(name)
    return named(message) if named else diagnose(ToolFailed(1, f"{name}: {message}"))
