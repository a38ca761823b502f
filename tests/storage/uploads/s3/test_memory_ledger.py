import pytest

from storage.uploads.s3.memory_ledger import MemoryLedger
from tests.storage.uploads.s3.ledger_contract import LedgerContract


class TestMemoryLedger(LedgerContract):
    @pytest.fixture
    def ledger(self) -> MemoryLedger:
        return MemoryLedger()
