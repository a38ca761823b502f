"""What /proc says of a parent that waits in vain."""

import pytest

from config.stack.parent import is_stopping

STATUS = "Name:\tmake\nSigQ:\t2/96365\nSigBlk:\t{:016x}\nSigIgn:\t{:016x}\nSigCgt:\t{:016x}\n"
INT = 1 << 1
CHLD = 1 << 16


@pytest.mark.parametrize(
    ("blocked", "ignored", "caught", "stopping"),
    [
        pytest.param(CHLD, 0, INT, False, id="waits for its child"),
        pytest.param(CHLD | INT, 0, 0, True, id="is inside its handler of SIGINT"),
        pytest.param(CHLD | INT, 0, INT, False, id="blocks SIGINT while it starts a child"),
        pytest.param(INT, INT, 0, False, id="was started with SIGINT ignored and blocked"),
        pytest.param(0, 0, 0, False, id="has no handler at all"),
    ],
)
def test_parent_is_stopping(blocked: int, ignored: int, caught: int, stopping: bool) -> None:
    assert is_stopping(STATUS.format(blocked, ignored, caught)) is stopping


def test_parent_that_cannot_be_read_is_not_stopping() -> None:
    assert not is_stopping("")
