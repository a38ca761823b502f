"""What one worker process at a time does beside its jobs: rescans with new signatures, ends of quarantine.

New signatures count from the second look that finds them: by then every clamd of that machine was told to
load them and had `signature_check_seconds` for it. A machine that has older ones than others does nothing.
Whatever was last scanned before is due, newest first, one at a time, and only while no new evidence waits to
be scanned.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from scanning.errors import ScanError, ScanningError
from scanning.signature_folder import fingerprint
from storage.errors import Damaged, StorageError
from storage.evidence import sidecar_key
from storage.records.upkeep import SignatureSet
from storage.states import StageName
from transcode.errors import ToolError
from workers.context import Context
from workers.errors import QueueUnavailable
from workers.judging import QUARANTINED, RESCANNED, purged
from workers.pipeline import STEPS
from workers.tasks.rescan import rescan

_PAGE = 50

#: A worker that has the turn keeps it over its pauses and over the scan of a large file.
_TURN_SECONDS = 300.0

_SCAN_QUEUE = STEPS[StageName.SCAN].queue

_log = structlog.get_logger()


async def keep_up_for_ever(context: Context) -> None:
    """Look now and after every pause, until cancelled; an outage is waited out."""
    upkeeping = Upkeeping(context)
    while True:
        try:
            await upkeeping.look()
        except (ScanningError, StorageError, QueueUnavailable, OSError) as error:
            _log.warning("upkeep_waits", error=repr(error))
        except Exception:  # noqa: BLE001 - the edge of a loop that may not end, nor take its process along
            _log.exception("upkeep_failed")
        await asyncio.sleep(context.settings.signature_check_seconds)


class Upkeeping:
    """One process's looks: it remembers signatures that were seen once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._seen = ""

    async def look(self) -> None:
        """Do what is due. Raises `ScanningError`, `StorageError`, `QueueUnavailable`, `OSError`."""
        context = self._context
        if not await context.queue.take_turn("upkeep", context.name, _TURN_SECONDS):
            return
        await self._purge()
        present = await self._present()
        if present:
            await self._rescan(present)

    async def _present(self) -> SignatureSet | None:
        """Return the signatures in force; `None` while new ones are being loaded, or are not here yet."""
        upkeep, scanner = self._context.upkeep, self._context.scanner
        present, identity = await upkeep.present_signatures(), await self._identity()
        if present and present.identity == identity:
            return present
        if await upkeep.were_in_force(identity):
            _log.warning("signatures_behind", identity=identity)
            return None
        if self._seen != identity:
            self._seen = identity
            await scanner.reload()
            return None
        found = SignatureSet(identity, datetime.now(UTC))
        await upkeep.announce_signatures(found)
        _log.info("signatures_changed", identity=identity)
        return found

    async def _identity(self) -> str:
        versions = await self._context.scanner.versions()
        names = sorted(
            {f"{version.engine}/{version.database}/{version.signatures_at}" for version in versions}
        )
        folder = self._context.settings.signatures
        return " ".join([*names, await asyncio.to_thread(fingerprint, folder)])

    async def _rescan(self, present: SignatureSet) -> None:
        failed: set[str] = set()
        while not await self._is_busy():
            due = await self._context.upkeep.behind(RESCANNED, present.effective_at, len(failed) + 1)
            chosen = next((evidence_id for evidence_id in due if evidence_id not in failed), None)
            if chosen is None:
                return
            try:
                await rescan(self._context, chosen)
            except (ToolError, ScanError, Damaged) as error:
                _log.warning("rescan_failed", evidence_id=chosen, error=repr(error))
                failed.add(chosen)

    async def _is_busy(self) -> bool:
        context = self._context
        kept = await context.queue.take_turn("upkeep", context.name, _TURN_SECONDS)
        depths = await context.queue.depths()
        return not kept or any(depth.ready for depth in depths if depth.name == _SCAN_QUEUE)

    async def _purge(self) -> None:
        """Delete the bytes of evidence whose quarantine is over; the record and its sidecar stay."""
        context = self._context
        before = datetime.now(UTC) - timedelta(seconds=context.settings.quarantine_seconds)
        while due := await context.upkeep.quarantined(QUARANTINED, before, _PAGE):
            for evidence_id in due:
                await context.evidence.change(evidence_id, lambda evidence: purged(evidence, context.name))
                for key in await context.blobs.keys(evidence_id):
                    if key != sidecar_key(evidence_id):
                        await context.blobs.delete(key)
                await context.upkeep.mark_purged(evidence_id, datetime.now(UTC))
                _log.info("purged", evidence_id=evidence_id)
