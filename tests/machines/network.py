"""Machines that share nothing but a wire: each has a network, a name and a folder of its own.

For a process that is root in a user namespace with a network of its own, where it needs no rights outside
(`tests/end_to_end/test_machines.py`).
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.process import start, stop, wait_until

_BRIDGE = "wire"
_NETWORK = "10.77.0"


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True, timeout=10)


class Machine:
    """One end of a cable, and what runs there: begin a command line with `words`."""

    def __init__(self, name: str, number: int, folder: Path) -> None:
        self.name = name
        self.address = f"{_NETWORK}.{number}"
        self.folder = folder / name
        self.folder.mkdir()
        self._cable = f"cable{number}"
        self._number = number

    def plug_in(self) -> None:
        """Begin to exist: a process holds its namespaces."""
        idle = ["unshare", "--net", "--uts", "sleep", "infinity"]
        self._holder = start(idle, self.folder / "machine.log")
        own = Path("/proc/self/ns/net").readlink()
        pid = self._holder.pid
        wait_until(lambda: Path(f"/proc/{pid}/comm").read_text() == "sleep\n", 5)
        assert Path(f"/proc/{pid}/ns/net").readlink() != own
        _ip("link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", str(pid))
        _ip("link", "set", self._cable, "master", _BRIDGE, "up")
        for words in (
            ["hostname", self.name],
            ["ip", "link", "set", "lo", "up"],
            ["ip", "address", "add", f"{self.address}/24", "dev", "eth0"],
            ["ip", "link", "set", "eth0", "up"],
        ):
            subprocess.run([*self.words, *words], check=True, timeout=10)

    @property
    def words(self) -> tuple[str, ...]:
        pid = self._holder.pid
        return ("nsenter", f"--net=/proc/{pid}/ns/net", f"--uts=/proc/{pid}/ns/uts")

    def cut(self) -> None:
        """Pull the cable: nobody is told, packets just vanish."""
        _ip("link", "set", self._cable, "down")

    def mend(self) -> None:
        _ip("link", "set", self._cable, "up")

    def vanish(self) -> None:
        """Cease to exist: the cable at once, for with the network alone the kernel takes its time."""
        _ip("link", "del", self._cable)
        stop(self._holder, 0)


@contextmanager
def wire() -> Iterator[None]:
    """Lay the wire that all machines and this process are on."""
    assert os.getuid() == 0
    _ip("link", "set", "lo", "up")
    _ip("link", "add", _BRIDGE, "type", "bridge")
    _ip("address", "add", f"{_NETWORK}.254/24", "dev", _BRIDGE)
    _ip("link", "set", _BRIDGE, "up")
    try:
        yield
    finally:
        _ip("link", "del", _BRIDGE)
