"""The clamd servers of a deployment as one scanner: picks one that lives, and says so when none does."""

import asyncio
import os
import stat
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scanning.breaker import Breaker
from scanning.clamd import Clamd, TimeLimits
from scanning.errors import ScanError, ScannerUnavailable, ScanningError
from scanning.outcome import ScanOutcome, Verdict, sum_up
from scanning.replies import EngineVersion
from scanning.whole_hashes import HashSignatures
from scanning.windowed import scan_in_windows
from scanning.windows import WindowPolicy


@dataclass(slots=True)
class _Server:
    clamd: Clamd
    breaker: Breaker = field(default_factory=Breaker)
    #: Scans under way.
    busy: int = 0


class ClamdPool:
    """A scanner that lives as long as one of its servers does.

    A server that does not answer is skipped, and left in peace for a while. A scan that broke half-way is
    not tried on the next server: a file that kills scanners must not kill them all. `signatures` is the
    folder that clamd loads; in it the hashes of files too large for clamd are looked up.
    """

    def __init__(
        self,
        sockets: Sequence[Path],
        *,
        limits: TimeLimits | None = None,
        windows: WindowPolicy | None = None,
        signatures: Path | None = None,
    ) -> None:
        self._servers = tuple(_Server(Clamd(path, limits)) for path in sockets)
        self._windows = windows or WindowPolicy()
        above = self._windows.whole_bytes
        self._signatures = HashSignatures(signatures, above) if signatures else None
        # Each window is held in memory.
        self._one_windowed = asyncio.Semaphore(1)

    async def version(self) -> EngineVersion:
        """Return what a living server scans with; raises `ScannerUnavailable`."""
        _, version = await self._living()
        return version

    async def versions(self) -> tuple[EngineVersion, ...]:
        """Return what each server scans with; raises `ScanningError` unless every one answers."""
        return tuple([await server.clamd.version() for server in self._servers])

    async def reload(self) -> None:
        """Have every server read its signatures anew; raises `ScanningError` unless every one answers."""
        for server in self._servers:
            await server.clamd.reload()

    async def scan_file(self, path: Path) -> ScanOutcome:
        """Scan the regular file at `path`, whole or in windows.

        Raises `ScannerUnavailable` when no server answers and `ScanError` when one gave no verdict; in
        both cases nothing is known of the file. Raises `OSError` if the file cannot be read.
        """
        server, version = await self._living()
        size_bytes = await asyncio.to_thread(_regular_size, path)
        server.busy += 1
        try:
            if size_bytes <= self._windows.whole_bytes:
                return await _scan_whole(server.clamd, path, version)
            async with self._one_windowed:
                return await scan_in_windows(
                    server.clamd, path, size_bytes, self._windows, version, self._signatures
                )
        finally:
            server.busy -= 1

    async def _living(self) -> tuple[_Server, EngineVersion]:
        """Return the least busy server that answers, and its version from before the scan."""
        reasons = []
        for server in sorted(self._servers, key=lambda server: server.busy):
            if not server.breaker.allows(time.monotonic()):
                continue
            try:
                version = await server.clamd.version()
            except ScanningError as error:
                server.breaker = server.breaker.failed(time.monotonic())
                reasons.append(str(error))
            else:
                server.breaker = Breaker()
                return server, version
        raise ScannerUnavailable("; ".join(reasons) or "every scanner failed a moment ago")


async def _scan_whole(clamd: Clamd, path: Path, version: EngineVersion) -> ScanOutcome:
    descriptor = await asyncio.to_thread(os.open, path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size_bytes = os.fstat(descriptor).st_size
        reply = await clamd.scan(descriptor)
    finally:
        os.close(descriptor)
    return sum_up((reply,), version, Verdict.CLEAN, {"size_bytes": size_bytes})


def _regular_size(path: Path) -> int:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ScanError("only regular files can be scanned")
    return status.st_size
