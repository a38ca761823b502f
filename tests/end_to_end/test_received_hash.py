"""An original that is not what was received never becomes ready."""

from collections.abc import Iterator

import pytest

from tests.services.api import Api
from tests.services.clamd import ClamdServer
from tests.services.intake import Intake
from tests.services.process import short_folder


@pytest.fixture
def hashing(clamd_server: ClamdServer) -> Iterator[Intake]:
    """A deployment that hashes while it receives, without a worker yet."""
    with short_folder() as folder:
        intake = Intake(folder, clamd_server, hash_while_receiving=1, max_attempts=2, max_backoff_seconds=0.2)
        try:
            intake.redis.start()
            intake.run("storage", "migrate")
            intake.key = intake.make_key("--centre", "GB001")
            intake.start_gateway()
            yield intake
        finally:
            intake.stop()


@pytest.mark.parametrize(("altered", "end"), [(False, "ready"), (True, "failed")])
async def test_the_scan_compares_what_it_reads_with_what_was_received(
    hashing: Intake, altered: bool, end: str
) -> None:
    async with Api(hashing.url, hashing.key) as api:
        evidence = await api.send(b"This is my essay.\n", "essay.txt")
        received = await api.evidence(evidence)
        assert len(received["sha256"]) == 64
        if altered:
            alter(hashing)
        hashing.start_worker()
        found = await api.wait(evidence, seconds=90)
        assert (found["state"], found["sha256"]) == (end, received["sha256"])


def alter(intake: Intake) -> None:
    (original,) = (intake.folder / "store" / "blobs").rglob("original")
    original.write_bytes(original.read_bytes().replace(b"my", b"MY"))
