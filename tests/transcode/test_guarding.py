"""What a killed process leaves is cleaned up although nobody comes after it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.services.process import wait_until
from transcode.scratch import open_folder

#: Opens a scratch folder under guard and starts what outlives its parent: it names the folder, or does not.
PARENT = """
import asyncio, subprocess, sys
from pathlib import Path
from transcode.guarding import guarded
from transcode.process import start
from transcode.sandbox import Command
from transcode.scratch import open_folder

async def work(parent):
    async with guarded(parent), open_folder(parent) as folder:
        if sys.argv[2] == "nameless":
            print((await start(Command(("sleep", "600")))).pid, flush=True)
            await asyncio.sleep(600)
        argv = [sys.executable, "-c", "import time; time.sleep(600)", f"{folder}/"]
        child = subprocess.Popen(argv, start_new_session=True)
        print(child.pid, flush=True)
        await asyncio.sleep(0 if sys.argv[2] == "close" else 600)

asyncio.run(work(Path(sys.argv[1])))
"""


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "scratch"
    for pid in naming(tmp_path / "scratch"):
        os.kill(pid, signal.SIGKILL)


def begin(scratch: Path, how: str) -> tuple["subprocess.Popen[str]", int]:
    argv = [sys.executable, "-c", PARENT, str(scratch), how]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process, int(process.stdout.readline())


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def naming(scratch: Path) -> list[int]:
    """The processes that name the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and bytes(scratch) in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return [pid for pid in found if is_alive(pid)]


def test_kill_9_leaves_neither_child_nor_folder_nor_guard(scratch: Path) -> None:
    process, child = begin(scratch, "stay")
    with process:
        try:
            wait_until(lambda: len(naming(scratch)) == 3, 10)  # the process, its guard and its child
        finally:
            process.kill()
    wait_until(lambda: not is_alive(child), 10)
    wait_until(lambda: not list(scratch.glob("work-*")), 10)
    wait_until(lambda: not naming(scratch), 10)


def test_kill_9_leaves_no_child_that_names_no_folder(scratch: Path) -> None:
    process, child = begin(scratch, "nameless")
    with process:
        process.kill()
    wait_until(lambda: not is_alive(child), 10)
    wait_until(lambda: not naming(scratch), 10)


def test_a_guard_goes_with_whom_it_guards(scratch: Path) -> None:
    process, child = begin(scratch, "close")
    with process:
        assert process.wait(20) == 0
    assert naming(scratch) == [child]


async def test_who_works_elsewhere_keeps_its_folder(scratch: Path) -> None:
    async with open_folder(scratch) as mine:
        process, child = begin(scratch, "stay")
        with process:
            process.kill()
        wait_until(lambda: not is_alive(child), 10)
        wait_until(lambda: list(scratch.glob("work-*")) == [mine], 10)
