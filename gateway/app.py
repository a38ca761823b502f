"""The gateway's composition root."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from functools import partial

from aiohttp import web

from config.settings import Settings
from gateway.events.feed import open_feed
from gateway.joining import joining
from gateway.keys import FEED, HOLDERS, OPENAPI, SENDERS, SERVICES
from gateway.looking import open_look
from gateway.middlewares import MIDDLEWARES, mark_responses
from gateway.openapi.document import publish
from gateway.revocation import watching_keys
from gateway.routes import ROUTES
from gateway.services import Services
from gateway.sweeping import sweeping
from gateway.telling import open_telling
from gateway.tokens import open_tokens
from gateway.uploads.hashing import Hashing
from gateway.uploads.holding import Holders
from gateway.uploads.joins import Joins
from gateway.uploads.space import Space
from storage.blobs.members import Members
from storage.records.database import open_database
from storage.records.evidence import EvidenceRecords
from storage.records.outbox import Outbox
from storage.records.parts import PartRecords
from storage.records.principals import Principals
from storage.records.uploads import UploadRecords
from storage.stores import Stores, open_stores
from workers.queue import open_queue


def create_app(settings: Settings, *, sweeps: bool = True) -> web.Application:
    """Build the application; what it needs is opened when it starts and closed when it stops.

    `sweeps`: it looks after uploads that nobody else does; of several processes one is enough.
    """
    app = web.Application(middlewares=MIDDLEWARES)
    app.add_routes(ROUTES)
    app[OPENAPI] = publish(settings, ROUTES)
    app.on_response_prepare.append(mark_responses)

    async def run(app: web.Application) -> AsyncIterator[None]:
        async with (
            open_services(settings) as services,
            watching_keys(services.principals) as senders,
            joining(services),
            sweeping(services) if sweeps else nullcontext(),
            open_feed(services) as feed,
        ):
            app[SERVICES] = services
            app[FEED] = feed
            app[SENDERS] = senders
            app[HOLDERS] = Holders(services.store, services.uploads)
            yield

    app.cleanup_ctx.append(run)
    return app


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Open records, stores and the queue as the settings say."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings.database_url))
        queue = await stack.enter_async_context(open_queue(settings))
        telling = await stack.enter_async_context(open_telling(queue))
        tokens = await stack.enter_async_context(open_tokens(settings))
        stores = await stack.enter_async_context(open_stores(settings, database))
        look = await stack.enter_async_context(open_look(partial(_require_store, stores, settings)))
        yield Services(
            settings=settings,
            evidence=EvidenceRecords(database),
            uploads=UploadRecords(database),
            parts=PartRecords(database),
            outbox=Outbox(database),
            principals=Principals(database),
            tokens=tokens,
            store=stores.uploads,
            direct=stores.direct,
            space=Space(stores.blobs, settings.free_disk_reserve_bytes),
            look=look,
            blobs=stores.blobs,
            members=Members(stores.blobs),
            queue=queue,
            telling=telling,
            joins=Joins(),
            hashing=Hashing(stores.uploads, stores.blobs, enabled=settings.hash_while_receiving),
        )


async def _require_store(stores: Stores, settings: Settings) -> None:
    """Raise `StorageError` unless the store takes at least one byte now."""
    await stores.look()
    # A measure of its own: what it finds must not keep a sender's from being taken.
    await Space(stores.blobs, settings.free_disk_reserve_bytes).require(1)
