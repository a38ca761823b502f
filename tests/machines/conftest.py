"""One fleet for all scenarios, and what is sent to it."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.end_to_end.conftest import pytest_runtest_makereport
from tests.machines.fleet import Fleet, running_fleet
from tests.samples.film import make_phone_film
from tests.samples.photo import make_photo
from tests.services.api import Api

__all__ = ["pytest_runtest_makereport"]


@pytest.fixture(scope="session")
def running() -> Iterator[Fleet]:
    with running_fleet(in_bucket=os.environ.get("STORE") == "s3") as fleet:
        yield fleet


@pytest.fixture
def fleet(running: Fleet, request: pytest.FixtureRequest) -> Iterator[Fleet]:
    """The fleet with everything running, whatever the test before killed."""
    running.heal()
    yield running
    outcome = getattr(request.node, "outcome", None)
    if outcome is not None and outcome.failed:
        print(running.logs())


@pytest.fixture
async def apis(fleet: Fleet) -> AsyncIterator[list[Api]]:
    one, other = fleet.gateways
    async with Api(one.url, fleet.key) as first, Api(other.url, fleet.key) as second:
        yield [first, second]


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_photo(tmp_path_factory.mktemp("samples") / "photo.jpg", width=1200, height=900).read_bytes()


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("samples") / "dance.mp4"
    make_phone_film(path, seconds=2, width=640, height=360)
    return path.read_bytes()
