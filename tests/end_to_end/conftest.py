"""One deployment of real processes for a module's tests."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.services.api import Api
from tests.services.clamd import ClamdServer
from tests.services.intake import Intake
from tests.services.process import short_folder


@pytest.fixture(scope="module")
def running_intake(_clamd_process: ClamdServer) -> Iterator[Intake]:
    with short_folder() as folder:
        intake = Intake(folder, _clamd_process)
        try:
            intake.start()
            yield intake
        finally:
            intake.stop()


@pytest.fixture
def intake(
    running_intake: Intake, clamd_server: ClamdServer, request: pytest.FixtureRequest
) -> Iterator[Intake]:
    """The deployment with everything running, whatever the test before killed."""
    if running_intake.redis.process is None or running_intake.redis.process.poll() is not None:
        running_intake.redis.start()
    if running_intake.gateway is None or running_intake.gateway.poll() is not None:
        running_intake.start_gateway()
    if not running_intake.workers:
        running_intake.start_worker()
    yield running_intake
    outcome = getattr(request.node, "outcome", None)
    if outcome is not None and outcome.failed:
        print(running_intake.logs())


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    result = yield
    if call.when == "call":
        item.outcome = result.get_result()  # type: ignore[attr-defined,union-attr]


@pytest.fixture
async def api(intake: Intake) -> AsyncIterator[Api]:
    async with Api(intake.url, intake.key) as client:
        yield client
