"""Child processes that never outlive the stack."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import DEVNULL

from config.stack import StackError

#: The checkout: our own parts are modules of it.
ROOT = Path(__file__).parents[2]
#: Debian keeps daemons where an ordinary user's PATH does not look.
SEARCH_PATH = os.pathsep.join((os.defpath, "/usr/local/sbin", "/usr/sbin", "/sbin"))
#: The signal is bound to the thread that starts the child: the main one. The test closes the gap in which
#: the stack died before the signal was set.
WRAPPER = ("setpriv", "--pdeathsig", "KILL", "--", "sh", "-c", 'test "$PPID" = "$0" && exec "$@"')


def find_program(name: str) -> Path:
    """Return where the program lies.

    Raises:
        StackError: it is not installed.
    """
    found = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), SEARCH_PATH)))
    if found is None:
        raise StackError(f"{name} is not installed; run: make setup")
    return Path(found)


async def start_child(
    argv: Sequence[str], *, env: Mapping[str, str], log: Path | None, keep_fd: int, answer: Path | None = None
) -> asyncio.subprocess.Process:
    """Start a child in a session of its own; it gets SIGKILL when this process ends, however it ends.

    `log` takes its output; `None`: it shares ours. `answer` takes its standard output alone.
    It inherits `keep_fd`.
    """
    with contextlib.ExitStack() as files:
        errors = files.enter_context(log.open("ab")) if log else None
        output = files.enter_context(answer.open("wb")) if answer else errors
        return await asyncio.create_subprocess_exec(
            *WRAPPER, str(os.getpid()), *argv,
            stdin=DEVNULL, stdout=output, stderr=errors, env=env, cwd=ROOT,
            start_new_session=True, pass_fds=(keep_fd,),
        )  # fmt: skip


async def end_child(child: asyncio.subprocess.Process, grace_seconds: float) -> None:
    """End the child: SIGTERM, and SIGKILL to its whole session's group after `grace_seconds`."""
    try:
        with contextlib.suppress(ProcessLookupError, TimeoutError):
            child.terminate()
            async with asyncio.timeout(grace_seconds):
                await child.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    async with asyncio.timeout(2):
        await child.wait()
