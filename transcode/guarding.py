"""Somebody who cleans up after a process that was killed: scratch folders, and children that just started.

The kernel kills children with their parent, but for those that it started in that moment: bubblewrap's inner
process asks to be killed with its parent only after it was made. Measured, kill -9 within 25 ms of six
starts: in 26 of 60 rounds a child went on to its own end, or for ever. They are known by their mark
(`transcode.process`). `python -m transcode.guarding FOLDER MARK` kills and sweeps once.
"""

import asyncio
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from transcode.process import OWN_MARK, kill_marked
from transcode.scratch import sweep

#: What was forked has its own environment by then, so that it is known.
_STARTING_SECONDS = 0.5
#: Waits until nobody holds the other end of its standard input.
_WAITING = ("sh", "-c", 'read -r _; exec "$@"', "sh")


@asynccontextmanager
async def guarded(parent: Path) -> AsyncIterator[None]:
    """Should this process die in the context: its children are killed, the folders under `parent` swept."""
    guard = await asyncio.create_subprocess_exec(
        *_WAITING, sys.executable, "-m", "transcode.guarding", str(parent), OWN_MARK,
        stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        yield
    finally:
        guard.kill()
        await guard.wait()


def main() -> None:
    """Kill who has the mark that is named, and sweep the folder."""
    folder, *marks = sys.argv[1:]
    time.sleep(_STARTING_SECONDS)
    for mark in marks:
        kill_marked(mark)
    sweep(Path(folder))


if __name__ == "__main__":
    main()
