"""A migrated database of its own for each test, and the records in it."""

from collections.abc import AsyncIterator

import pytest

from storage.records.audit import AuditTrail
from storage.records.database import Database, open_database
from storage.records.evidence import EvidenceRecords
from storage.records.outbox import Outbox
from storage.records.parts import PartRecords
from storage.records.principals import Principals
from storage.records.uploads import UploadRecords


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url) as database:
        yield database


@pytest.fixture
def records(database: Database) -> EvidenceRecords:
    return EvidenceRecords(database)


@pytest.fixture
def uploads(database: Database) -> UploadRecords:
    return UploadRecords(database)


@pytest.fixture
def parts(database: Database) -> PartRecords:
    return PartRecords(database)


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database)


@pytest.fixture
def principals(database: Database) -> Principals:
    return Principals(database)


@pytest.fixture
def trail(database: Database) -> AuditTrail:
    return AuditTrail(database)
