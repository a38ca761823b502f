"""`python -m workers scan verify video image`, `python -m workers status`, `python -m workers retry ID`."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime

import structlog
import uvloop

from config.logging import set_up_logging
from config.settings import Settings
from storage.errors import NotFound, StorageError
from storage.records.database import open_database
from storage.records.evidence import EvidenceRecords
from transcode.errors import ToolError
from workers.decisions import redriven
from workers.errors import QueueUnavailable
from workers.pipeline import QUEUES
from workers.queue import open_queue
from workers.status import print_status


def main() -> int:
    """Parse the command line and run one command."""
    parser = argparse.ArgumentParser(
        prog="python -m workers",
        description="Run the jobs of queues; `status` shows them, `retry ID` runs failed evidence again.",
    )
    parser.add_argument("words", nargs="+", metavar="QUEUE", help=f"{' '.join(QUEUES)} | status | retry ID")
    words: list[str] = parser.parse_args().words
    settings = Settings()
    set_up_logging(settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if words == ["status"]:
            return runner.run(_status(settings))
        if words[0] == "retry" and len(words) == 2:
            return runner.run(_retry(settings, words[1]))
        if unknown := sorted(set(words) - set(QUEUES)):
            parser.error(f"unknown queue: {', '.join(unknown)}")
        return runner.run(_work(settings, words))


async def _work(settings: Settings, queues: list[str]) -> int:
    from workers.worker import work  # noqa: PLC0415 - `status` must not load media tools

    try:
        await work(settings, queues)
    except (StorageError, ToolError) as error:
        structlog.get_logger().error("cannot_start", error=str(error))
        return 1
    return 0


async def _status(settings: Settings) -> int:
    async with open_queue(settings) as queue:
        try:
            await print_status(queue, sys.stdout)
        except QueueUnavailable as error:
            sys.stderr.write(f"the queues cannot be seen: {error}\n")
            return 1
    return 0


async def _retry(settings: Settings, evidence_id: str) -> int:
    """Run failed evidence again; the reconciler of any worker pushes the job."""
    async with open_database(settings.database_url) as database:
        try:
            changed = await EvidenceRecords(database).change(
                evidence_id, lambda evidence: redriven(evidence, "operator", datetime.now(UTC))
            )
        except NotFound:
            sys.stderr.write(f"there is no evidence {evidence_id}\n")
            return 1
    sys.stdout.write("running again\n" if changed else "not failed, so nothing was changed\n")
    return 0 if changed else 1


if __name__ == "__main__":
    sys.exit(main())
