"""Whatever way the stack is stopped or killed, nothing it started lives on."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.services.make import MakeRun, mentioning
from tests.services.process import wait_until

type_of_start = Callable[..., MakeRun]


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["leader", "group"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_everything_within_15_seconds(make_run: type_of_start, number, send, times) -> None:
    stack = make_run().until_ready()
    for _ in range(times):
        if stack.process.poll() is None:
            send(stack.process.pid, number)
        time.sleep(0.2)
    assert stack.gone() < 15
    assert not (stack.data / "run" / "redis.sock").exists()


def test_signal_to_the_supervisor_alone_is_a_clean_end(make_run: type_of_start) -> None:
    stack = make_run().until_ready()
    os.kill(stack.supervisor(), signal.SIGTERM)
    stack.gone()
    assert stack.process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_while_starting_leaves_nothing(make_run: type_of_start, number) -> None:
    stack = make_run()
    wait_until(lambda: stack.pid_of("redis-server"))
    os.killpg(stack.process.pid, number)
    stack.gone()
    assert not stack.lines


def test_kill_9_of_the_supervisor_takes_its_children_with_it(make_run: type_of_start) -> None:
    stack = make_run().until_ready()
    assert len(mentioning(stack.data)) >= 5
    os.kill(stack.supervisor(), signal.SIGKILL)
    assert stack.gone(5) < 5


def test_kill_9_of_make_stops_everything(make_run: type_of_start) -> None:
    stack = make_run().until_ready()
    os.kill(stack.process.pid, signal.SIGKILL)
    stack.gone()


def test_kill_9_of_the_whole_group_leaves_nothing_and_it_starts_again_at_once(
    make_run: type_of_start,
) -> None:
    stack = make_run().until_ready()
    key = stack.key
    os.killpg(stack.process.pid, signal.SIGKILL)
    again = make_run(stack.data, PORT=stack.port).until_ready()
    assert again.key == key
    assert again.status_of("/v1/evidence", key) == 200


def test_part_that_ignores_sigterm_is_killed(make_run: type_of_start) -> None:
    stack = make_run().until_ready()
    os.kill(stack.pid_of("-m gateway"), signal.SIGSTOP)
    os.kill(stack.process.pid, signal.SIGTERM)
    assert stack.gone() < 15
