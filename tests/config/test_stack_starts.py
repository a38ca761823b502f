"""What `make run` says and does when it starts, and when it cannot."""

import os
import signal
import socket
import stat
from collections.abc import Callable
from pathlib import Path

from tests.services.children import children_of, is_gone
from tests.services.make import STOP_SECONDS, MakeRun, mentioning
from tests.services.process import wait_until

type_of_start = Callable[..., MakeRun]


def test_ready_stands_on_a_line_of_its_own_and_the_key_works(make_run: type_of_start) -> None:
    stack = make_run().until_ready()
    assert stack.lines == [f"ready http://127.0.0.1:{stack.port}"]
    assert stack.status_of("/readyz") == 200
    assert stack.status_of("/v1/queues", stack.key) == 200
    assert stack.status_of("/v1/queues", "wrong") == 401
    assert stat.S_IMODE(stack.data.stat().st_mode) == 0o700
    assert stat.S_IMODE((stack.data / "api-key").stat().st_mode) == 0o600
    assert any("nothing becomes ready" in line for line in stack.news)


def test_port_0_takes_a_free_one(make_run: type_of_start) -> None:
    stack = make_run(PORT=0).until_ready()
    assert stack.status_of("/livez") == 200


def test_taken_port_is_a_clear_error_and_starts_nothing(make_run: type_of_start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        stack = make_run(PORT=taken.getsockname()[1])
        stack.gone()
    assert stack.process.returncode != 0
    assert any(f"port {stack.port} on 127.0.0.1 is taken" in line for line in stack.news)
    assert not any("Traceback" in line for line in stack.news)
    assert list((stack.data / "logs").iterdir()) == []


def test_second_stack_on_the_same_data_is_refused_and_the_first_goes_on(make_run: type_of_start) -> None:
    first = make_run().until_ready()
    second = make_run(first.data)
    assert second.process.wait(STOP_SECONDS) != 0
    wait_until(lambda: any(f"another stack (process {first.supervisor()})" in line for line in second.news))
    assert first.status_of("/readyz") == 200


def test_two_stacks_side_by_side_do_not_meet(make_run: type_of_start, tmp_path: Path) -> None:
    one, two = make_run(tmp_path / "one"), make_run(tmp_path / "two")
    one.until_ready()
    two.until_ready()
    assert one.status_of("/v1/evidence", two.key) == 401
    assert two.status_of("/v1/evidence", two.key) == 200


def test_data_path_too_long_for_sockets_works(make_run: type_of_start, tmp_path: Path) -> None:
    stack = make_run(tmp_path / ("long " * 12) / ("x" * 90)).until_ready()
    before = [word for word in Path("/tmp").glob("intake-*") if (word / "redis.sock").exists()]
    assert before
    os.kill(stack.process.pid, signal.SIGTERM)
    stack.gone()
    assert not [folder for folder in before if folder.exists()]


def test_lost_database_gets_a_new_key(make_run: type_of_start) -> None:
    stack = make_run().until_ready()
    key = stack.key
    os.kill(stack.process.pid, signal.SIGTERM)
    stack.gone()
    for file in stack.data.glob("intake.db*"):
        file.unlink()
    again = make_run(stack.data).until_ready()
    assert again.key != key
    assert again.status_of("/v1/evidence", again.key) == 200


def test_signature_folder_without_databases_is_a_clear_error(make_run: type_of_start, tmp_path: Path) -> None:
    stack = make_run(SIGNATURES=tmp_path)
    stack.gone()
    assert any("holds no ClamAV database" in line for line in stack.news)


def test_part_that_cannot_start_is_named_with_the_end_of_its_log(
    make_run: type_of_start, tmp_path: Path
) -> None:
    (tmp_path / "broken.ndb").write_text("this is no signature\n")
    stack = make_run(SIGNATURES=tmp_path)
    stack.gone(40)
    assert stack.process.returncode != 0
    assert any("clamd does not start" in line for line in stack.news)
    assert not mentioning(stack.data)


def test_killed_part_is_started_again(make_run: type_of_start) -> None:
    stack = make_run().until_ready()
    for words, answers in (
        ("redis-server", "/v1/queues"),
        ("-m gateway", "/readyz"),
        ("clamd.bin", "/readyz"),
    ):
        before = stack.pid_of(words)
        os.kill(before, signal.SIGKILL)
        wait_until(lambda words=words, before=before: stack.pid_of(words) != before)
        wait_until(lambda answers=answers: stack.status_of(answers, stack.key) == 200)


def test_several_gateway_processes_share_the_port_and_none_outlives_the_stack(
    make_run: type_of_start,
) -> None:
    stack = make_run(PROCESSES=2).until_ready()
    gateways = [pid for pid, line in mentioning(stack.data).items() if "-m gateway" in line]
    parent = next(pid for pid in gateways if children_of(pid))
    processes = children_of(parent)
    assert len(processes) == 2
    assert stack.status_of("/v1/evidence", stack.key) == 200
    os.kill(stack.supervisor(), signal.SIGKILL)
    wait_until(lambda: all(is_gone(pid) for pid in (parent, *processes)), 5)
