"""One deployment of real processes for a module's tests."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.machines.spread import spread
from tests.services.api import Api
from tests.services.clamd import ClamdServer
from tests.services.intake import Intake, deployed

Deploy = Callable[..., AbstractContextManager[Intake]]


@pytest.fixture(scope="session")
def deploy(request: pytest.FixtureRequest) -> Deploy:
    """Make a deployment with this clamd and these settings: here, or by `--machines` on several machines."""
    return spread if request.config.getoption("--machines") else deployed


@pytest.fixture(scope="module")
def running_intake(_clamd_process: ClamdServer, deploy: Deploy) -> Iterator[Intake]:
    with deploy(_clamd_process) as intake:
        yield intake


@pytest.fixture
def intake(
    running_intake: Intake, clamd_server: ClamdServer, request: pytest.FixtureRequest
) -> Iterator[Intake]:
    """The deployment with everything running, whatever the test before killed."""
    if running_intake.redis.process is None or running_intake.redis.process.poll() is not None:
        running_intake.redis.start()
    if running_intake.gateway is None or running_intake.gateway.poll() is not None:
        running_intake.start_gateway()
    running_intake.start_workers()
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
    """The last gateway: what a test asks by `intake.url` goes to the first."""
    async with Api(intake.urls[-1], intake.key) as client:
        yield client
