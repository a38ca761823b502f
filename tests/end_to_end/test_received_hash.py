"""An original that is not what was received never becomes ready."""

from collections.abc import Iterator

import pytest

from tests.end_to_end.conftest import Deploy
from tests.services.api import Api
from tests.services.clamd import ClamdServer
from tests.services.intake import Intake


@pytest.fixture
def hashing(clamd_server: ClamdServer, deploy: Deploy) -> Iterator[Intake]:
    """A deployment that hashes while it receives, without a worker yet."""
    with deploy(clamd_server, hash_while_receiving=1, max_attempts=2, max_backoff_seconds=0.2) as intake:
        intake.kill_workers()
        yield intake


@pytest.mark.parametrize(("altered", "end"), [(False, "ready"), (True, "failed")])
async def test_the_scan_compares_what_it_reads_with_what_was_received(
    hashing: Intake, altered: bool, end: str
) -> None:
    async with Api(hashing.url, hashing.key) as api:
        evidence = await api.send(b"This is my essay.\n", "essay.txt")
        received = await api.evidence(evidence)
        assert len(received["sha256"]) == 64
        if altered:
            bytes_kept = hashing.read(evidence, "original")
            hashing.overwrite(evidence, "original", bytes_kept.replace(b"my", b"MY"))
        hashing.start_workers()
        found = await api.wait(evidence, seconds=90)
        assert (found["state"], found["sha256"]) == (end, received["sha256"])
