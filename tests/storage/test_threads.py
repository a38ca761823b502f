"""The threads for blocking calls."""

import asyncio
import os
import threading
import time
import weakref
from collections.abc import Callable
from queue import SimpleQueue

import pytest

from storage.threads import Threads


async def test_results_and_errors_reach_whoever_waits():
    threads = Threads(2, "test")
    assert await threads.call(max, (1, 2)) == 2
    with pytest.raises(ZeroDivisionError):
        await threads.call(divmod, (1, 0))


async def test_no_more_run_at_once_than_may_and_the_others_wait_their_turn():
    threads, lock, running, most = Threads(3, "test"), threading.Lock(), [0], [0]
    proceed = threading.Event()

    def work(number: int) -> int:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        proceed.wait(10)
        with lock:
            running[0] -= 1
        return number

    calls = [threads.call(work, (number,)) for number in range(20)]
    async with asyncio.timeout(10):
        while running[0] < 3:  # noqa: ASYNC110 - a thread sends no event
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)  # in which a fourth would show
    proceed.set()
    assert await asyncio.gather(*calls) == list(range(20))
    assert most == [3]


async def test_idle_threads_are_used_again():
    threads = Threads(50, "test")
    names = {await threads.call(threading.get_ident, ()) for _ in range(50)}
    assert len(names) <= 10  # a thread says that it is idle a moment after its answer


def test_what_a_closed_loop_cannot_take_is_undone():
    threads, proceed, undone = Threads(1, "test"), threading.Event(), threading.Event()

    async def leave() -> None:
        threads.call(proceed.wait, (10,), lambda _: undone.set())

    asyncio.run(leave())
    proceed.set()
    assert undone.wait(10)


def test_a_forked_process_has_threads_of_its_own():
    threads = Threads(1, "test")

    async def ask(work: Callable[[], int]) -> int:
        async with asyncio.timeout(10):
            return await threads.call(work, ())

    assert asyncio.run(ask(os.getpid)) == os.getpid()
    child = os.fork()
    if not child:
        os._exit(0 if asyncio.run(ask(os.getpid)) == os.getpid() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


class Large:
    """What a call brings, and may keep much memory."""


async def test_an_idle_thread_keeps_nothing_of_its_last_call():
    threads, large = Threads(1, "test"), Large()
    kept = weakref.ref(large)
    await threads.call(id, (large,))
    del large
    async with asyncio.timeout(10):
        while kept():  # noqa: ASYNC110 - a thread sends no event
            await asyncio.sleep(0.01)


async def test_a_thread_that_cannot_be_begun_is_begun_later(monkeypatch: pytest.MonkeyPatch):
    threads = Threads(1, "test")

    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="start"):
            threads.call(os.getpid, ())
    assert await threads.call(os.getpid, ()) == os.getpid()


async def test_what_comes_after_its_caller_was_let_go_is_undone():
    threads, proceed, undone = Threads(1, "test"), threading.Event(), threading.Event()
    answer = threads.call(proceed.wait, (10,), lambda _: undone.set())
    answer.cancel()
    proceed.set()
    assert await asyncio.to_thread(undone.wait, 10)


def test_what_comes_while_the_loop_ends_is_undone():
    threads, proceed, undone = Threads(1, "test"), threading.Event(), threading.Event()

    async def leave() -> None:
        threads.call(proceed.wait, (10,), lambda _: undone.set()).cancel()
        proceed.set()
        assert undone.wait(10)  # with no turn of the loop, as after its last

    asyncio.run(leave())


async def test_what_came_before_its_caller_was_let_go_is_undone_in_a_thread():
    threads, undone = Threads(1, "test"), SimpleQueue[int]()
    done = threading.Event()
    answer = threads.call(done.set, (), lambda _: undone.put(threading.get_ident()))
    assert done.wait(10)
    time.sleep(0.05)  # noqa: ASYNC251 - the answer is there, and the loop has not seen it
    answer.cancel()
    assert await asyncio.to_thread(undone.get, True, 10) != threading.get_ident()


async def test_what_cannot_be_undone_ends_no_thread():
    threads, proceed = Threads(1, "test"), threading.Event()

    def fail(_: object) -> None:
        raise OSError

    threads.call(proceed.wait, (10,), fail).cancel()
    threads.undo(fail, None)
    proceed.set()
    assert await threads.call(os.getpid, ()) == os.getpid()


async def test_who_waits_for_a_thread_is_told_when_calls_are_dropped():
    threads, proceed = Threads(1, "test"), threading.Event()
    begun = threading.Event()
    running = threads.call(lambda: (begun.set(), proceed.wait(10)), ())
    await asyncio.to_thread(begun.wait, 10)
    waiting = threads.call(os.getpid, ())
    threads.drop()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    proceed.set()
    assert await running


async def test_after_the_end_what_waits_still_runs_and_nothing_else():
    threads, proceed = Threads(1, "test"), threading.Event()
    running, waiting = threads.call(proceed.wait, (10,)), threads.call(os.getpid, ())
    threads.end()
    with pytest.raises(RuntimeError, match="ended"):
        threads.call(os.getpid, ())
    proceed.set()
    assert await running
    assert await waiting == os.getpid()
    await asyncio.to_thread(threads.join)


async def test_after_the_end_nothing_is_undone_and_no_thread_begun():
    threads, proceed = Threads(2, "test"), threading.Event()
    running = threads.call(proceed.wait, (10,))
    threads.end()
    threads.undo(lambda _: pytest.fail("undone"), None)
    proceed.set()
    assert await running
    async with asyncio.timeout(10):
        await asyncio.to_thread(threads.join)
