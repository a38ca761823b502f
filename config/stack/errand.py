"""Errands: commands that run once and end, such as the migration."""

import asyncio
from collections.abc import Mapping, Sequence

from config.stack import PartError
from config.stack.child import end_child, start_child
from config.stack.layout import Layout

ERRAND_SECONDS = 120


async def run_errand(name: str, argv: Sequence[str], *, layout: Layout, env: Mapping[str, str]) -> str:
    """Run the command to its end and return what it wrote to standard output.

    Raises:
        PartError: it failed, or took more than `ERRAND_SECONDS`.
    """
    log, answer = layout.log(name), layout.run / f"{name}.out"
    answer.unlink(missing_ok=True)
    answer.touch(mode=0o600)
    child = await start_child(argv, env=env, log=log, keep_fd=layout.lock_fd, answer=answer)
    try:
        async with asyncio.timeout(ERRAND_SECONDS):
            status = await child.wait()
    except TimeoutError as error:
        raise PartError(name, log, f"did not end within {ERRAND_SECONDS} s") from error
    finally:
        await end_child(child, 2)
    if status:
        raise PartError(name, log, f"failed (status {status})")
    said = answer.read_text(encoding="utf-8").strip()
    answer.unlink()
    return said
