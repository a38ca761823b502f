import asyncio
import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.transcode.processes import descendants
from transcode.children import ChildPool, open_children
from transcode.errors import ChildDied, OutputTooLarge, ToolFailed, ToolTimeout
from transcode.sandbox import SandboxKind

CALLS = "tests.transcode.calls"


async def call(pool: ChildPool, name: str, source: Path, seconds: float = 20, **arguments: object) -> object:
    async with pool.call(f"{CALLS}:{name}", arguments, input=source, timeout_seconds=seconds) as result:
        return result.value


async def test_a_call_returns_value_and_files_that_vanish_with_the_context(pool, source):
    async with pool.call(f"{CALLS}:echo", {"word": "ü"}, input=source, timeout_seconds=20) as result:
        assert result.value == {"word": "ü"}
        assert (result.folder / "copy").read_bytes() == b"the original"
    assert not result.folder.exists()


async def test_a_call_to_an_idle_child_takes_milliseconds(pool, source):
    took = []
    for _ in range(5):
        await asyncio.sleep(0.4)
        begun = time.perf_counter()
        async with pool.call(f"{CALLS}:echo", {}, input=source, timeout_seconds=20):
            took.append(time.perf_counter() - begun)
    assert min(took) < 0.1  # 4 ms on a quiet machine


async def test_many_calls_at_once_each_get_a_child_of_their_own(pool, source):
    values = await asyncio.gather(*(call(pool, "echo", source, number=number) for number in range(6)))
    assert values == [{"number": number} for number in range(6)]


async def test_the_environment_is_not_inherited(pool, source, monkeypatch):
    monkeypatch.setenv("SECRET", "x")
    found = await call(pool, "environment", source)
    assert found["HOME"] == "/tmp"
    assert "SECRET" not in found


async def test_the_error_of_the_function_is_told(pool, source):
    with pytest.raises(ToolFailed, match="ValueError: this is why"):
        await call(pool, "fail", source)


async def test_a_killed_child_is_an_observed_death(pool, source):
    with pytest.raises(ChildDied) as died:
        await call(pool, "die", source, number=signal.SIGSEGV)
    assert died.value.signal == signal.SIGSEGV
    assert await call(pool, "echo", source) == {}


async def test_a_child_that_ends_without_an_answer_has_failed(pool, source):
    with pytest.raises(ToolFailed, match="without an answer"):
        await call(pool, "leave", source)


async def test_memory_is_limited(pool, source):
    with pytest.raises((ToolFailed, ChildDied)):
        await call(pool, "hoard", source)


async def test_a_child_over_its_time_is_killed(pool, source, tmp_path):
    with pytest.raises(ToolTimeout):
        await call(pool, "sleep", source, seconds=0.3)


async def test_an_answer_may_not_be_too_long(pool, source):
    with pytest.raises(OutputTooLarge):
        await call(pool, "shout", source)


async def test_a_link_left_in_the_folder_is_refused(pool, source):
    with pytest.raises(ToolFailed, match="no plain file"):
        await call(pool, "link_away", source)


async def test_a_cancelled_call_is_gone_within_two_seconds(tmp_path, source, kind):
    scratch, before = tmp_path / "scratch", descendants()
    async with open_children((CALLS,), 1, scratch, kind=kind) as pool:
        task = asyncio.create_task(call(pool, "sleep", source))
        await asyncio.sleep(0.5)
        begun = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - begun < 2
    assert [path.name for path in scratch.iterdir()] == [".lock"]
    assert descendants() <= before


async def test_a_module_that_cannot_be_imported_fails_at_once(tmp_path, kind):
    with pytest.raises(ToolFailed, match="No module named"):
        async with open_children(("transcode.nothing",), 1, tmp_path, kind=kind):
            pass


async def test_an_idle_child_that_died_is_nobody_elses_fault(tmp_path, source, kind):
    before = descendants()
    async with open_children((CALLS,), 1, tmp_path / "scratch", kind=kind) as pool:
        for process in descendants() - before:
            with suppress(ProcessLookupError):  # some die with the one before
                os.kill(process, signal.SIGKILL)
        await asyncio.sleep(0.2)
        assert await call(pool, "echo", source) == {}


@pytest.fixture
async def apart(tmp_path):
    async with open_children((CALLS,), 1, tmp_path / "scratch", kind=SandboxKind.BWRAP) as opened:
        yield opened


async def test_apart_the_original_cannot_be_changed(apart, source):
    with pytest.raises(ToolFailed, match="Read-only file system"):
        await call(apart, "overwrite_input", source)
    assert source.read_bytes() == b"the original"


async def test_apart_there_is_no_network(apart, source):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(ToolFailed, match=r"refused|unreachable"):
            await call(apart, "connect", source, port=port)


async def test_apart_nothing_but_the_input_is_seen(apart, source):
    (source.parent / "sibling").write_text("secret")
    assert await call(apart, "listing", source, path="/in") == ["original"]
    with pytest.raises(ToolFailed, match="No such file"):
        await call(apart, "listing", source, path=str(source.parent))
    assert await call(apart, "processes", source) <= 3


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../source", "sub/copy", "missing", "", ".", None, 7, "a\0b"]
)
async def test_only_plain_files_of_its_own_folder_are_taken_from_a_child(pool, source, name):
    async with pool.call(f"{CALLS}:echo", {}, input=source, timeout_seconds=20) as result:
        assert result.file("copy") == result.folder / "copy"
        with pytest.raises(ToolFailed):
            result.file(name)
