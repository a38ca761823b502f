"""The scan of a file that is too large for clamd: in windows, and in the same pass by hashes of the whole."""

import asyncio
import os
import tarfile
from pathlib import Path
from typing import Any

from scanning.clamd import Clamd
from scanning.errors import ScanError
from scanning.outcome import ScanOutcome, Verdict, sum_up
from scanning.replies import Clean, EngineVersion, Infected, Reply
from scanning.whole_hashes import HashIndex, Hashing, HashSignatures
from scanning.windows import Window, WindowPolicy, open_window, plan_windows

#: Reading one window from the disk may take this long, and reading all signatures.
_WINDOW_READ_SECONDS = 300.0
_INDEX_SECONDS = 300.0


async def scan_in_windows(
    clamd: Clamd,
    path: Path,
    size_bytes: int,
    policy: WindowPolicy,
    version: EngineVersion,
    signatures: HashSignatures | None,
) -> ScanOutcome:
    """Scan every window up to the first that is not clean.

    Without `signatures` the outcome says that no hash of the whole was looked up. Raises as `Clamd.scan`, and
    `ScanError` if the file or the signatures cannot be read.
    """
    index = await _load(signatures)
    hashing = Hashing(index.algorithms(size_bytes))
    windows = plan_windows(size_bytes, policy)
    replies: list[Reply] = []
    hashed_bytes = 0
    for window in windows:
        replies.append(await _scan_window(clamd, path, window, hashing, hashed_bytes - window.offset))
        hashed_bytes = window.offset + window.length
        if not isinstance(replies[-1], Clean):
            break
    else:
        if name := index.find(hashing.digests(), size_bytes):
            replies.append(Infected(name))
    facts: dict[str, Any] = {
        "size_bytes": size_bytes,
        "windows": len(windows),
        "windows_scanned": min(len(replies), len(windows)),
        "window_bytes": policy.window_bytes,
        "overlap_bytes": policy.overlap_bytes,
        "hashes_looked_up": signatures is not None,
    }
    return sum_up(tuple(replies), version, Verdict.CLEAN_WINDOWED, facts)


async def _load(signatures: HashSignatures | None) -> HashIndex:
    if signatures is None:
        return HashIndex()
    try:
        async with asyncio.timeout(_INDEX_SECONDS):
            return await asyncio.to_thread(signatures.load)
    except (OSError, TimeoutError, tarfile.TarError) as error:
        raise ScanError(f"the signatures' folder cannot be read: {error}") from error


async def _scan_window(
    clamd: Clamd, path: Path, window: Window, hashing: Hashing, hashed_bytes: int
) -> Reply:
    """Have one window scanned, and hash of it what lies behind its first `hashed_bytes`."""
    async with open_window(path, window, _WINDOW_READ_SECONDS) as descriptor:
        # The thread has a descriptor of its own: nothing stops it, and what is scanned may be gone before.
        taking = asyncio.create_task(asyncio.to_thread(hashing.take, os.dup(descriptor), hashed_bytes))
        try:
            return await clamd.scan(descriptor)
        finally:
            await taking
