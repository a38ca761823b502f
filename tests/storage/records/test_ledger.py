import pytest

from storage.records.database import Database
from storage.records.ledger import LedgerRecords
from tests.storage.uploads.s3.ledger_contract import LedgerContract


class TestLedgerRecords(LedgerContract):
    @pytest.fixture
    def ledger(self, database: Database) -> LedgerRecords:
        return LedgerRecords(database)
