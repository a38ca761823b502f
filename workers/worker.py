"""The workers' composition root: one process that runs the jobs of any set of queues."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import structlog

from config.profiles import load_profiles
from config.settings import Settings
from scanning.pool import ClamdPool
from storage.records.database import open_database
from storage.records.evidence import EvidenceRecords
from storage.records.outbox import Outbox
from storage.records.upkeep import Upkeep
from storage.states import StageName
from storage.stores import open_blobs
from transcode.children import open_children
from transcode.errors import ToolError
from transcode.guarding import guarded
from transcode.office import Office
from transcode.sandbox import detect
from transcode.trial import try_encoder
from workers.context import Context
from workers.heartbeat import Heartbeat, open_heartbeat
from workers.lacking import lacking_on
from workers.lease import LeaseWorker
from workers.pipeline import PIPELINE, STEPS
from workers.queue import open_queue
from workers.reconcile import reconcile_for_ever
from workers.room import Room
from workers.tasks.edge import stage_function
from workers.tasks.finding import Work
from workers.tasks.scan import scan
from workers.tasks.thumbnail import thumbnail
from workers.tasks.transcode import transcode
from workers.tasks.verify import verify
from workers.upkeeping import keep_up_for_ever

#: The work of every stage.
WORK: dict[StageName, Work] = {
    StageName.SCAN: scan,
    StageName.VERIFY: verify,
    StageName.TRANSCODE: transcode,
    StageName.THUMBNAIL: thumbnail,
}

#: What pre-started children have imported before they are needed.
PRELOADED = (
    "scanning.inspection",
    "transcode.image",
    "transcode.document",
    "transcode.scan",
    "transcode.text",
    "transcode.sheets",
    "transcode.quicklook",
)

_log = structlog.get_logger()


async def work(settings: Settings, queues: Sequence[str]) -> None:
    """Run the jobs of these queues until SIGTERM or SIGINT; then hand back what is still running.

    Raises `ToolError` where only films are to be made, by an encoder that is not there, and `StorageError`.
    """
    queues = await able(settings, queues)
    with open_heartbeat(settings) as heartbeat:
        async with open_context(settings, heartbeat.worker) as context:
            workers = create_workers(settings, queues, context, heartbeat)
            loop = asyncio.get_running_loop()
            for signum in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(signum, _drain, workers)
            office = context.office.missing or "ready"
            _log.info(
                "working", queues=list(queues), worker=heartbeat.worker, sandbox=detect(), office=office
            )
            async with asyncio.TaskGroup() as tasks:
                pause_seconds = settings.reconcile_seconds
                beside = [tasks.create_task(reconcile_for_ever(context.outbox, context.queue, pause_seconds))]
                if STEPS[StageName.SCAN].queue in queues:
                    beside.append(tasks.create_task(keep_up_for_ever(context)))
                running = [tasks.create_task(worker.run()) for worker in workers]
                await asyncio.wait(running)
                for task in beside:
                    task.cancel()


async def able(settings: Settings, queues: Sequence[str]) -> Sequence[str]:
    """Return the queues, without that of films if their encoder fails; raises `ToolError` if none is left."""
    films = STEPS[StageName.TRANSCODE].queue
    if films not in queues:
        return queues
    try:
        await try_encoder(load_profiles().video[settings.video_profile])
    except ToolError as error:
        others = [queue for queue in queues if queue != films]
        if not others:
            raise
        _log.error("makes_no_films", profile=settings.video_profile, error=str(error))
        return others
    return queues


def _drain(workers: Sequence[LeaseWorker]) -> None:
    for worker in workers:
        worker.drain()


def create_workers(
    settings: Settings, queues: Sequence[str], context: Context, heartbeat: Heartbeat
) -> list[LeaseWorker]:
    """Make one worker a queue; they share a heartbeat and a room."""
    room = Room()
    return [
        LeaseWorker(
            queue,
            {
                step.stage: stage_function(context, step.stage, WORK[step.stage])
                for step in PIPELINE
                if step.queue == queue
            },
            slots_of(settings, queue),
            settings,
            heartbeat,
            room,
            {},
            partial(lacking_on, queue),
        )
        for queue in queues
    ]


def slots_of(settings: Settings, queue: str) -> int:
    """Return how many jobs of a queue one process runs at once."""
    slots: int = getattr(settings, f"{queue}_slots")
    return slots


@asynccontextmanager
async def open_context(settings: Settings, name: str) -> AsyncIterator[Context]:
    """Open records, stores, scanner and children as the settings say."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings.database_url))
        blobs = await stack.enter_async_context(open_blobs(settings))
        queue = await stack.enter_async_context(open_queue(settings))
        idle = settings.verify_slots + settings.image_slots
        await stack.enter_async_context(guarded(settings.scratch))
        children = await stack.enter_async_context(open_children(PRELOADED, idle, settings.scratch))
        yield Context(
            settings=settings,
            name=f"worker:{name}",
            evidence=EvidenceRecords(database),
            outbox=Outbox(database),
            upkeep=Upkeep(database),
            blobs=blobs,
            queue=queue,
            scanner=ClamdPool(settings.clamd_sockets, signatures=settings.signatures),
            children=children,
            office=Office(),
        )
