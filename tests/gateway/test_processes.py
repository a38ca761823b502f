"""Several processes on one port: any takes any request, none is missed, none outlives the parent."""

import asyncio
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from functools import partial

import pytest
import redis

from gateway.__main__ import with_command
from gateway.uploads.holding import STALLED_SECONDS
from tests.gateway.wire import begun_patch, connected, head_of, until_kept, until_offset
from tests.services.api import Api, until
from tests.services.children import children_of, connections_of, is_gone, listeners_of
from tests.services.intake import Intake, lone_gateway, two_gateways
from tests.services.process import wait_until


@pytest.fixture
def shared() -> Iterator[Intake]:
    """Two processes on one port."""
    with lone_gateway() as intake:
        intake.start_gateway(2)
        yield intake


@pytest.fixture
def pair() -> Iterator[tuple[Intake, Intake]]:
    with two_gateways() as both:
        yield both


@pytest.fixture
async def apis(pair: tuple[Intake, Intake]) -> AsyncIterator[tuple[Api, Api]]:
    async with Api(pair[0].url, pair[0].key) as first, Api(pair[1].url, pair[1].key) as second:
        yield first, second


def pids(intake: Intake) -> tuple[int, ...]:
    assert intake.gateway
    return children_of(intake.gateway.pid)


def is_replaced(intake: Intake, killed: int) -> bool:
    """Tell whether another process listens in its place."""
    return killed not in pids(intake) and len(pids(intake)) == listeners_of(intake.port) == 2


def signal_gateway(intake: Intake, number: signal.Signals) -> None:
    assert intake.gateway
    intake.gateway.send_signal(number)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ([], ["serve"]),
        (["--processes", "2"], ["serve", "--processes", "2"]),
        (["serve", "--processes", "2"], ["serve", "--processes", "2"]),
        (["keys", "list"], ["keys", "list"]),
        (["--help"], ["--help"]),
    ],
)
def test_serving_is_what_is_done_unless_another_command_is_named(words: list[str], meant: list[str]) -> None:
    assert with_command(words) == meant


async def test_connections_reach_both_processes_and_either_takes_any_request(shared: Intake) -> None:
    async with Api(shared.url, shared.key) as api, AsyncExitStack() as stack:
        upload, _ = await api.create(4000)
        offset = 0
        for _ in range(40):
            wire = await stack.enter_async_context(connected(shared.url))
            headers = {
                "Tus-Resumable": "1.0.0",
                "Content-Type": "application/offset+octet-stream",
                "Upload-Offset": str(offset),
                "Content-Length": "100",
            }
            await wire.send(head_of(api, "PATCH", upload, headers) + b"x" * 100)
            status, told, _ = await wire.answer()
            offset += 100
            assert (status, told["upload-offset"]) == (204, str(offset))
        accepted = [connections_of(pid, shared.port) for pid in pids(shared)]
        assert sum(accepted) >= 40
        assert all(count >= 5 for count in accepted)


async def test_a_process_that_dies_is_started_again_and_its_upload_goes_on_at_once(shared: Intake) -> None:
    async with Api(shared.url, shared.key) as api:
        upload, _ = await api.create(1000)
        for killed in pids(shared):
            first = await api.offset(upload)
            async with begun_patch(api, upload, first, b"a" * 100, 500):
                await until_offset(api, upload, first + 100)
                os.kill(killed, signal.SIGKILL)
                # Until then a connection may be given to it.
                await asyncio.to_thread(wait_until, partial(is_gone, killed))

                async def goes_on() -> bool:
                    async with Api(shared.url, shared.key) as again:
                        return await again.offset(upload) >= first + 100  # noqa: B023

                await until(goes_on, 5)
            await asyncio.to_thread(wait_until, partial(is_replaced, shared, killed))


async def test_a_stop_answers_every_sender_of_every_process_and_ends_in_time(shared: Intake) -> None:
    assert shared.gateway
    processes = pids(shared)
    async with Api(shared.url, shared.key) as api:
        uploads = [(await api.create(1000))[0] for _ in range(12)]

        async def send(upload: str) -> tuple[int, str]:
            async with begun_patch(api, upload, 0, upload.encode(), 1000) as wire:
                status, headers, _ = await wire.answer(15)
                return status, headers["upload-offset"]

        sending = [asyncio.create_task(send(upload)) for upload in uploads]
        await until_kept(shared.folder, [len(upload) for upload in uploads])
        signal_gateway(shared, signal.SIGTERM)
        told = await asyncio.gather(*sending)
        assert await asyncio.to_thread(shared.gateway.wait, 15) == 0
        assert told == [(503, str(len(upload))) for upload in uploads]
        assert all(is_gone(pid) for pid in processes)
        shared.start_gateway(2)
        for upload in uploads:
            assert await api.offset(upload) == len(upload)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_the_processes_end_with_their_parent_however_it_ends(shared: Intake, number: signal.Signals) -> None:
    processes = pids(shared)
    signal_gateway(shared, number)
    wait_until(lambda: all(is_gone(pid) for pid in processes), 12)
    wait_until(lambda: is_refused(shared.port))


def is_refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 2).close()
    except ConnectionRefusedError:
        return True
    return False


def run_gateway(intake: Intake, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", *options],
        env=intake.environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("running", [1, 2])
@pytest.mark.parametrize("coming", [1, 2])
def test_a_taken_port_is_a_clear_error_however_many_share_it(running: int, coming: int) -> None:
    with lone_gateway() as intake:
        intake.start_gateway(running)
        refused = run_gateway(intake, "--processes", str(coming))
        assert refused.returncode == 1
        assert "cannot_listen" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_processes_that_cannot_begin_end_the_parent_instead_of_dying_for_ever() -> None:
    with lone_gateway() as intake:
        (intake.folder / "intake.db").unlink()
        refused = run_gateway(intake, "--processes", "2")
        assert refused.returncode == 1
        assert "there is no database" in refused.stderr


def test_port_0_gives_every_process_the_same_free_port() -> None:
    with lone_gateway() as intake:
        intake.settings["port"] = 0
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "--processes", "3"],
            env=intake.environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr
        told = [process.stderr.readline() for _ in range(3)]
        process.terminate()
        process.communicate(timeout=15)
        ports = {line.partition("'127.0.0.1', ")[2].partition(")")[0] for line in told}
        assert len(ports) == 1, told
        assert int(ports.pop()) > 0


def test_a_process_takes_all_the_descriptors_that_it_may_have() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with lone_gateway() as intake:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        try:
            intake.start_gateway(2)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for pid in pids(intake):
            wait_until(lambda pid=pid: resource.prlimit(pid, resource.RLIMIT_NOFILE) == (hard, hard))


async def test_head_during_a_patch_that_stalls_in_another_process_answers_in_a_quarter_of_a_second(
    apis: tuple[Api, Api],
) -> None:
    holder, other = apis
    took = []
    for _ in range(5):
        upload, _ = await holder.create(1000)
        async with begun_patch(holder, upload, 0, b"a" * 300, 1000):
            await until_offset(holder, upload, 300)
            await asyncio.sleep(STALLED_SECONDS + 0.2)
            began = time.monotonic()
            offset = await other.offset(upload)
            took.append(time.monotonic() - began)
            assert offset == 300
            assert (await other.patch(upload, offset, b"b" * 700)).status == 204
    # One that the machine kept waiting says nothing of the gateway.
    assert min(took) < 0.25


async def test_kill_9_of_the_holder_lets_another_process_go_on_at_once(
    pair: tuple[Intake, Intake], apis: tuple[Api, Api]
) -> None:
    holder, other = apis
    upload, _ = await other.create(1000)
    async with begun_patch(holder, upload, 0, b"a" * 300, 1000):
        await until_offset(other, upload, 300)
        pair[0].kill_gateway()

        async def resumed() -> bool:
            return (await other.patch(upload, 300, b"b" * 700)).status == 204

        await until(resumed, 5)
    assert await other.offset(upload) == 1000


@pytest.mark.parametrize("flushed", [False, True])
async def test_a_stopped_holder_that_wakes_later_changes_neither_bytes_nor_offset(
    pair: tuple[Intake, Intake], apis: tuple[Api, Api], flushed: bool
) -> None:
    holder, other = apis
    upload, evidence = await other.create(1000)
    async with begun_patch(holder, upload, 0, b"a" * 300, 1000) as wire:
        await until_offset(other, upload, 300)
        signal_gateway(pair[0], signal.SIGSTOP)
        await asyncio.sleep(STALLED_SECONDS + 0.2)
        assert (await other.patch(upload, 300, b"b" * 100)).status == 204
        await wire.send(b"z" * 700)
        if flushed:
            with redis.Redis.from_url(pair[0].redis.url) as client:
                client.flushall()
        signal_gateway(pair[0], signal.SIGCONT)
        status, headers, _ = await wire.answer()
        assert (status, headers["upload-offset"]) == (409, "400")
    assert await other.offset(upload) == 400
    assert (await other.patch(upload, 400, b"c" * 600)).status == 204
    original = pair[0].folder / "store" / "blobs"
    stored = [
        path.read_bytes() for path in original.rglob("*") if path.is_file() and path.stat().st_size == 1000
    ]
    assert stored == [b"a" * 300 + b"b" * 100 + b"c" * 600]
    assert (await other.evidence(evidence))["size_bytes"] == 1000
