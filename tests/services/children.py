"""The processes of a gateway that shares its port, seen from outside (proc(5))."""

from contextlib import suppress
from pathlib import Path

_ESTABLISHED = "01"
_LISTENING = "0A"


def children_of(pid: int) -> tuple[int, ...]:
    """Return the ids of the living children of a process with one thread."""
    try:
        words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return ()
    return tuple(int(word) for word in words)


def is_gone(pid: int) -> bool:
    """Tell whether the process has ended; one that nobody has asked for its status yet has, too."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def connections_of(pid: int, port: int) -> int:
    """Return how many connections to the port a process has accepted."""
    inodes = _sockets(f"/proc/{pid}/net/tcp", port, _ESTABLISHED)
    held = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            held.append(str(link.readlink()))
    return sum(name.removeprefix("socket:[").removesuffix("]") in inodes for name in held)


def listeners_of(port: int) -> int:
    """Return how many sockets listen on the port, on whatever address."""
    return len(_sockets("/proc/net/tcp", port, _LISTENING))


def _sockets(table: str, port: int, state: str) -> set[str]:
    """Return the inodes of the sockets at this end of the port that are in that state."""
    rows = (line.split() for line in Path(table).read_text().splitlines()[1:])
    return {row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == state}
